import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '../config.ts';
import type { PlayedProviders } from '../features/operations/clock.service.ts';
import type { ProviderEnvironment } from '../features/operations/reconciliation.model.ts';
import type { Logger } from '../platform/logger.ts';
import type { Channel } from '../platform/money.ts';
import { createCreemProvider } from '../providers/creem/creem-provider.ts';
import type { PaymentProvider } from '../providers/payment-provider.ts';
import { createStripeProvider } from '../providers/stripe/stripe-provider.ts';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';

interface ProviderSources {
  /** In the order in which they are offered to those who name none. */
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
  readonly sandboxUrl: string | null;
  /** Tells the sandbox where the gateway listens; real providers know it from their dashboards. */
  deliverWebhooksTo(gatewayUrl: string): void;
  /** What the sandbox plays, to be moved through time; null when it plays nothing. */
  readonly played: PlayedProviders | null;
  /** Resolves when the sandbox has delivered the webhooks that wait. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** The providers that the settings name: real ones by their keys, or the sandbox that plays them. */
export async function startProviders(
  config: Config,
  booksFile: string,
  logger: Logger,
  clockOffsetMs: number | undefined,
): Promise<ProviderSources> {
  const keys = sandboxKeys(config);
  const { stripe, creem } = keys;
  if (stripe === null && creem === null) return withoutSandbox(connect(config, keys, null));
  await mkdir(dirname(booksFile), { recursive: true });
  const sandbox = await startSandbox({
    host: '127.0.0.1',
    port: config.sandboxPort,
    booksFile,
    ...(stripe === null ? {} : { stripe: { ...stripe, webhookUrl: null } }),
    ...(creem === null ? {} : { creem: { ...creem, webhookUrl: null } }),
    ...(clockOffsetMs === undefined ? {} : { clockOffsetMs }),
    logger,
  });
  return {
    providers: connect(config, keys, sandbox),
    sandboxUrl: sandbox.url,
    played: sandbox,
    deliverWebhooksTo: (gatewayUrl) => {
      for (const name of ['stripe', 'creem'] as const) {
        sandbox.setWebhookUrl(name, `${gatewayUrl}/webhooks/${name}`);
      }
    },
    drain: async () => {
      await sandbox.drain();
    },
    close: () => sandbox.close(),
  };
}

/** Where the ids of each channel mean something. */
export function environmentsOf({
  stripe,
  creem,
}: Config): ReadonlyMap<Channel, ProviderEnvironment> {
  const settings = [
    ['STRIPE', stripe],
    ['CREEM', creem],
  ] as const;
  return new Map(
    settings.flatMap(([channel, setting]) => {
      if (setting.kind === 'off') return [];
      return [[channel, setting.kind === 'live' ? setting.mode : 'sandbox'] as const];
    }),
  );
}

function withoutSandbox(providers: ReadonlyMap<Channel, PaymentProvider>): ProviderSources {
  return {
    providers,
    sandboxUrl: null,
    played: null,
    deliverWebhooksTo: () => undefined,
    drain: async () => undefined,
    close: async () => undefined,
  };
}

type SandboxKeys = ReturnType<typeof sandboxKeys>;

function connect(
  config: Config,
  keys: SandboxKeys,
  sandbox: Sandbox | null,
): Map<Channel, PaymentProvider> {
  const providers = new Map<Channel, PaymentProvider>();
  if (config.stripe.kind === 'live') {
    providers.set('STRIPE', createStripeProvider(config.stripe));
  } else if (keys.stripe !== null && sandbox !== null) {
    const played = { ...keys.stripe, apiBase: sandbox.url, now: () => sandbox.now() };
    providers.set('STRIPE', createStripeProvider(played));
  }
  if (config.creem.kind === 'live') {
    providers.set('CREEM', createCreemProvider(config.creem));
  } else if (keys.creem !== null && sandbox !== null) {
    const played = { ...keys.creem, apiBase: `${sandbox.url}/creem`, now: () => sandbox.now() };
    providers.set('CREEM', createCreemProvider(played));
  }
  return providers;
}

/** Keys that only this process and its own sandbox know; null for what is not played. */
function sandboxKeys({ stripe, creem }: Config) {
  const random = () => randomBytes(24).toString('hex');
  const secretsOf = (given: readonly string[]) =>
    given.length > 0 ? [...given] : [`whsec_${randomBytes(24).toString('base64')}`];
  return {
    stripe:
      stripe.kind === 'sandbox'
        ? {
            secretKey: `sk_test_${random()}`,
            publishableKey: `pk_test_${random()}`,
            webhookSecrets: secretsOf(stripe.webhookSecrets),
          }
        : null,
    creem:
      creem.kind === 'sandbox'
        ? { apiKey: `creem_test_${random()}`, webhookSecrets: secretsOf(creem.webhookSecrets) }
        : null,
  };
}
