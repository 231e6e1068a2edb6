import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '../config.ts';
import type { PlayedProviders } from '../features/operations/clock.service.ts';
import type { Logger } from '../platform/logger.ts';
import type { Channel } from '../platform/money.ts';
import type { PaymentProvider } from '../providers/payment-provider.ts';
import { createStripeProvider } from '../providers/stripe/stripe-provider.ts';
import { startSandbox } from '../sandbox/sandbox.ts';

interface ProviderSources {
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
  const { stripe } = config;
  if (stripe.kind === 'live') {
    const provider = createStripeProvider(stripe);
    return withoutSandbox(new Map([['STRIPE', provider]]));
  }
  if (stripe.kind === 'off') return withoutSandbox(new Map());

  const keys = sandboxKeys(stripe.webhookSecrets);
  await mkdir(dirname(booksFile), { recursive: true });
  const sandbox = await startSandbox({
    host: '127.0.0.1',
    port: config.sandboxPort,
    booksFile,
    stripe: { ...keys, webhookUrl: null },
    ...(clockOffsetMs === undefined ? {} : { clockOffsetMs }),
    logger,
  });
  const provider = createStripeProvider({
    ...keys,
    apiBase: sandbox.url,
    now: () => sandbox.now(),
  });
  return {
    providers: new Map([['STRIPE', provider]]),
    sandboxUrl: sandbox.url,
    played: sandbox,
    deliverWebhooksTo: (gatewayUrl) => sandbox.setWebhookUrl(`${gatewayUrl}/webhooks/stripe`),
    drain: async () => {
      await sandbox.drain();
    },
    close: () => sandbox.close(),
  };
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

/** Keys that only this process and its own sandbox know. */
function sandboxKeys(webhookSecrets: readonly string[]) {
  const random = () => randomBytes(24).toString('hex');
  return {
    secretKey: `sk_test_${random()}`,
    publishableKey: `pk_test_${random()}`,
    webhookSecrets: webhookSecrets.length > 0 ? [...webhookSecrets] : [`whsec_${random()}`],
  };
}
