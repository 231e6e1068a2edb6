import type { CreemSettings, StripeSettings } from './provider-settings.ts';

interface SecretSettings {
  readonly adminKey: string | null;
  readonly metricsToken: string | null;
  readonly tokenSecret: string | null;
  readonly database: { readonly url: string | null };
  readonly redisUrl: string | null;
  readonly stripe: StripeSettings;
  readonly creem: CreemSettings;
}

/** Shorter words are no secrets, and would take half of every line of the log with them. */
const SHORTEST_SECRET = 6;

/** Every secret that the process was told at its start. */
export function secretsOf({
  adminKey,
  metricsToken,
  tokenSecret,
  database,
  redisUrl,
  stripe,
  creem,
}: SecretSettings): readonly string[] {
  const secrets = [
    adminKey,
    metricsToken,
    tokenSecret,
    ...passwordsOf(database.url),
    ...passwordsOf(redisUrl),
    ...(stripe.kind === 'off' ? [] : stripe.webhookSecrets),
    ...(creem.kind === 'off' ? [] : creem.webhookSecrets),
    stripe.kind === 'live' ? stripe.secretKey : null,
    creem.kind === 'live' ? creem.apiKey : null,
  ];
  return secrets.filter(
    (secret): secret is string => secret !== null && secret.length >= SHORTEST_SECRET,
  );
}

/** As it stands in the address, and as it is meant. */
function passwordsOf(address: string | null): readonly string[] {
  if (address === null) return [];
  const { password } = new URL(address);
  return [password, decodeURIComponent(password)];
}
