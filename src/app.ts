import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startProviders } from './app/providers.ts';
import { composeResolvers } from './app/resolvers.ts';
import { composeServices, type Services } from './app/services.ts';
import { subscribeFeatures } from './app/subscribers.ts';
import type { Config } from './config.ts';
import { type Doors, openDoors } from './edge/doors.ts';
import { creditHoldCrontab, creditHoldJobs } from './features/ledger/credit-hold.jobs.ts';
import { orderJobs } from './features/order/order.jobs.ts';
import { paymentMethodJobs } from './features/payment-method/payment-method.jobs.ts';
import { subscriptionJobs } from './features/subscription/subscription.jobs.ts';
import { buildGraphSchema } from './graphql/schema.ts';
import { dispatchTo } from './inbox/dispatch.ts';
import { inboxCrontab, inboxTasks } from './inbox/inbox.jobs.ts';
import { InboxStore } from './inbox/inbox.store.ts';
import { Inbox } from './inbox/inbox.ts';
import { JobRunner } from './jobs/job-runner.ts';
import { LiveHub } from './live/hub.ts';
import { PostgresTransport } from './live/postgres-transport.ts';
import { type Clock, SystemClock } from './platform/clock.ts';
import { Database } from './platform/database/database.ts';
import { entities } from './platform/database/entities.ts';
import { isMigrated } from './platform/database/migrate.ts';
import type { Logger } from './platform/logger.ts';

interface AppOptions {
  readonly config: Config;
  /** Connects as the role that the gateway serves as; the schema is migrated already. */
  readonly databaseUrl: string;
  readonly logger: Logger;
  readonly clock?: Clock;
}

export interface App {
  /** Where it serves, such as http://127.0.0.1:4000. */
  readonly url: string;
  /** Where the sandbox listens; null when no provider is played. */
  readonly sandboxUrl: string | null;
  readonly services: Services;
  readonly inbox: Inbox;
  readonly jobs: JobRunner;
  /** Resolves when the sandbox has delivered the webhooks that wait. */
  drainSandbox(): Promise<void>;
  /** Finishes what is under way and stops. */
  close(): Promise<void>;
}

const POOL_SIZE = 20;

/** The composition root: starts the parts, each on those before it, and stops them the other way round. */
export async function startApp(options: AppOptions): Promise<App> {
  const closers: Closer[] = [];
  const close = async () => {
    const failures: unknown[] = [];
    for (const closer of closers.splice(0).reverse()) {
      await closer().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Parts did not stop cleanly.');
  };
  try {
    return { ...(await startParts(options, closers)), close };
  } catch (error) {
    await close().catch((failure: Error) =>
      options.logger.error({ err: failure }, failure.message),
    );
    throw error;
  }
}

type Closer = () => Promise<unknown>;

async function startParts(options: AppOptions, closers: Closer[]): Promise<Omit<App, 'close'>> {
  const { config, databaseUrl, logger, clock = new SystemClock() } = options;
  const database = await connect(databaseUrl, logger);
  closers.push(() => database.close());
  const sources = await startProviders(config, join(config.dataDir, 'sandbox.db'), logger);
  closers.push(() => sources.close());
  const { providers } = sources;
  const hub = new LiveHub(new PostgresTransport(databaseUrl, logger));
  const services = composeServices({ config, database, hub, clock, logger, providers });
  subscribeFeatures(services);
  await services.catalog.sync(config.catalogue);

  const inbox = composeInbox(services);
  const doors = await composeDoors(services, inbox);
  const jobs = composeJobs(services, inbox, databaseUrl);
  closers.push(() => hub.close());
  // Both wait for what is under way: one after the other would take as long as both.
  closers.push(() => Promise.all([doors.close(), jobs.stop()]));
  await watchHints(services, doors);
  await jobs.start();

  const url = urlOf(await doors.listen(config.host, config.port));
  sources.deliverWebhooksTo(url);
  services.catalog
    .syncToProvider()
    .catch((error: Error) =>
      logger.warn({ reason: error.message }, 'plans are not at the provider yet'),
    );
  const { sandboxUrl, drain } = sources;
  return { url, sandboxUrl, services, inbox, jobs, drainSandbox: drain };
}

function connect(url: string, logger: Logger): Promise<Database> {
  const onPoolError = (error: Error) =>
    logger.warn({ reason: error.message }, 'a database connection was lost');
  return Database.connect({ url, entities, poolSize: POOL_SIZE, onPoolError });
}

function composeInbox(services: Services): Inbox {
  return new Inbox({
    ...services,
    store: new InboxStore(services.database),
    dispatch: dispatchTo(services),
  });
}

async function composeDoors(services: Services, inbox: Inbox): Promise<Doors> {
  const resolvers = composeResolvers(services);
  const { apiKeys, config, database, logger, providers, usageGate } = services;
  return openDoors({
    schema: await buildGraphSchema(resolvers),
    resolvers,
    apiKeys,
    providers,
    inbox,
    usageGate,
    logger,
    isProduction: config.nodeEnv === 'production',
    isReady: () => isMigrated(database),
  });
}

/** Acts on what other processes tell: a revoked key is forgotten and its sockets closed, a new catalogue is read. */
async function watchHints({ hub, apiKeys, catalog }: Services, doors: Doors): Promise<void> {
  hub.listen('key', (keyId) => {
    apiKeys.forget(keyId);
    doors.closeSocketsOf(keyId);
  });
  hub.onGap(() => void doors.recheckSockets());
  hub.watch('catalogue', 'all', () => catalog.forget());
  await hub.start();
}

function composeJobs(services: Services, inbox: Inbox, url: string): JobRunner {
  const { cardRequests, database, logger, planChanger, purchases, subscriptions } = services;
  const tasks = {
    ...inboxTasks(inbox),
    ...paymentMethodJobs(cardRequests),
    ...creditHoldJobs(services.holds),
    ...orderJobs(purchases),
    ...subscriptionJobs(subscriptions, planChanger),
  };
  const crontab = [...inboxCrontab, ...creditHoldCrontab];
  return new JobRunner({ url, database, logger, tasks, crontab });
}

function urlOf({ address, family, port }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return `http://127.0.0.1:${port}`;
  return family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}
