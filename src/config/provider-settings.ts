import type { EnvironmentReader } from './environment-reader.ts';
import { readApiBase } from './origins.ts';

/** Played by Tollgate's own sandbox, which signs with these secrets; empty: it makes its own. */
interface SandboxedProvider {
  readonly kind: 'sandbox';
  readonly webhookSecrets: readonly string[];
}

/** Not offered: it has no keys, and where real money moves the sandbox must not stand in. */
interface DisabledProvider {
  readonly kind: 'off';
}

interface LiveStripe {
  readonly kind: 'live';
  /** The keys' own mode: `test` moves no money. */
  readonly mode: 'live' | 'test';
  readonly secretKey: string;
  readonly publishableKey: string | null;
  /** At least one. */
  readonly webhookSecrets: readonly string[];
  /** An origin; null: Stripe's own. */
  readonly apiBase: string | null;
}

interface LiveCreem {
  readonly kind: 'live';
  /** The key's own mode: `test` belongs to test-api.creem.io and moves no money. */
  readonly mode: 'live' | 'test';
  readonly apiKey: string;
  /** At least one. */
  readonly webhookSecrets: readonly string[];
  /** An origin; null: Creem's own for the mode. */
  readonly apiBase: string | null;
}

export type StripeSettings = LiveStripe | SandboxedProvider | DisabledProvider;
export type CreemSettings = LiveCreem | SandboxedProvider | DisabledProvider;

export interface ProviderSettings {
  readonly stripe: StripeSettings;
  readonly creem: CreemSettings;
}

/**
 * Who the gateway talks to. A provider without a key is played by the sandbox, except beside live money: in production,
 * or when the other provider's key is a live one, it is off, since anyone can pay at the sandbox with a test card.
 * Production without any key is refused.
 */
export function readProviders(
  reader: EnvironmentReader,
  isProduction: boolean,
  warnings: string[],
): ProviderSettings {
  const stripe = readStripe(reader);
  const creem = readCreem(reader);
  if (isProduction && stripe === null && creem === null) {
    const remedy = 'give STRIPE_SECRET_KEY or CREEM_API_KEY, or another NODE_ENV';
    reader.refuse('NODE_ENV', `production does not run on the sandbox; ${remedy}.`);
  }
  const needsRealMoney = isProduction || stripe?.mode === 'live' || creem?.mode === 'live';
  refuseMixedModes(reader, stripe, creem);
  if (isProduction) warnings.push(...testKeys(stripe, creem));
  warnOfUnusedSettings(reader, { stripe, creem }, warnings);
  return {
    stripe: stripe ?? standIn(reader, 'STRIPE_WEBHOOK_SECRETS', needsRealMoney),
    creem: creem ?? standIn(reader, 'CREEM_WEBHOOK_SECRETS', needsRealMoney),
  };
}

/** Credits that a test card paid for are as good as those that money paid for. */
function refuseMixedModes(
  reader: EnvironmentReader,
  stripe: LiveStripe | null,
  creem: LiveCreem | null,
): void {
  if (stripe === null || creem === null || stripe.mode === creem.mode) return;
  const problem = `is a ${creem.mode} key, but STRIPE_SECRET_KEY is a ${stripe.mode} one`;
  reader.refuse('CREEM_API_KEY', `${problem}; give both of the same mode.`);
}

function testKeys(stripe: LiveStripe | null, creem: LiveCreem | null): readonly string[] {
  const names = [
    ...(stripe?.mode === 'test' ? ['STRIPE_SECRET_KEY'] : []),
    ...(creem?.mode === 'test' ? ['CREEM_API_KEY'] : []),
  ];
  return names.map((name) => `${name}: is a test key: in this production no money moves.`);
}

function readStripe(reader: EnvironmentReader): LiveStripe | null {
  const secretKey = reader.secret('STRIPE_SECRET_KEY');
  const publishableKey = reader.text('STRIPE_PUBLISHABLE_KEY');
  checkStripeKeys(reader, secretKey, publishableKey);
  if (secretKey === null) return null;
  return {
    kind: 'live',
    mode: stripeMode(secretKey) ?? 'live',
    secretKey,
    publishableKey,
    webhookSecrets: readWebhookSecrets(reader, 'STRIPE_WEBHOOK_SECRETS', 'STRIPE_SECRET_KEY'),
    apiBase: readApiBase(reader, 'STRIPE_API_BASE'),
  };
}

function checkStripeKeys(
  reader: EnvironmentReader,
  secretKey: string | null,
  publishableKey: string | null,
): void {
  if (secretKey !== null && !/^(sk|rk)_(test|live)_[\w]+$/.test(secretKey)) {
    const remedy = 'give one that begins with sk_test_, sk_live_, rk_test_ or rk_live_';
    reader.refuse('STRIPE_SECRET_KEY', `is not a secret key of Stripe; ${remedy}.`);
    return;
  }
  if (publishableKey === null) return;
  if (!/^pk_(test|live)_[\w]+$/.test(publishableKey)) {
    const remedy = 'give one that begins with pk_test_ or pk_live_';
    reader.refuse('STRIPE_PUBLISHABLE_KEY', `is not a publishable key of Stripe; ${remedy}.`);
  } else if (secretKey !== null && stripeMode(publishableKey) !== stripeMode(secretKey)) {
    const [own, other] = [stripeMode(publishableKey), stripeMode(secretKey)];
    const problem = `is a ${own} key, but STRIPE_SECRET_KEY is a ${other} one`;
    reader.refuse('STRIPE_PUBLISHABLE_KEY', `${problem}; give both of the same mode.`);
  }
}

function stripeMode(key: string): 'live' | 'test' | null {
  const mode = /^(?:sk|rk|pk)_(live|test)_/.exec(key)?.[1];
  return mode === 'live' || mode === 'test' ? mode : null;
}

function readCreem(reader: EnvironmentReader): LiveCreem | null {
  const apiKey = reader.secret('CREEM_API_KEY');
  if (apiKey === null) return null;
  if (!/^creem_\w+$/.test(apiKey)) {
    const remedy = 'give one that begins with creem_ or creem_test_';
    reader.refuse('CREEM_API_KEY', `is not a key of Creem; ${remedy}.`);
  }
  return {
    kind: 'live',
    mode: apiKey.startsWith('creem_test_') ? 'test' : 'live',
    apiKey,
    webhookSecrets: readWebhookSecrets(reader, 'CREEM_WEBHOOK_SECRETS', 'CREEM_API_KEY'),
    apiBase: readApiBase(reader, 'CREEM_API_BASE'),
  };
}

function readWebhookSecrets(
  reader: EnvironmentReader,
  name: string,
  keyName: string,
): readonly string[] {
  const secrets = reader.secrets(name);
  if (secrets.length === 0) {
    const remedy = 'give the signing secret of the webhook endpoint';
    reader.refuse(
      name,
      `is empty while ${keyName} is given: webhooks could not be verified; ${remedy}.`,
    );
  }
  return secrets;
}

function standIn(
  reader: EnvironmentReader,
  secretsName: string,
  needsRealMoney: boolean,
): SandboxedProvider | DisabledProvider {
  if (needsRealMoney) return { kind: 'off' };
  return { kind: 'sandbox', webhookSecrets: reader.secrets(secretsName) };
}

function warnOfUnusedSettings(
  reader: EnvironmentReader,
  live: { readonly stripe: LiveStripe | null; readonly creem: LiveCreem | null },
  warnings: string[],
): void {
  const unused = [
    ...(live.stripe === null ? ['STRIPE_PUBLISHABLE_KEY', 'STRIPE_API_BASE'] : []),
    ...(live.creem === null ? ['CREEM_API_BASE'] : []),
  ];
  for (const name of unused.filter((variable) => reader.text(variable) !== null)) {
    const key = name.startsWith('STRIPE') ? 'STRIPE_SECRET_KEY' : 'CREEM_API_KEY';
    warnings.push(`${name}: has no effect without ${key}.`);
  }
}
