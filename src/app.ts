import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { composeJobs, composeSweeps } from './app/jobs.ts';
import { composeHub } from './app/live.ts';
import { timedProviders, watchParts } from './app/metrics.ts';
import { environmentsOf, startProviders } from './app/providers.ts';
import { composeResolvers } from './app/resolvers.ts';
import { composeServices, type Services } from './app/services.ts';
import { subscribeFeatures } from './app/subscribers.ts';
import type { Config } from './config.ts';
import { type Doors, openDoors } from './edge/doors.ts';
import { ClockStore } from './features/operations/clock.store.ts';
import { buildGraphSchema } from './graphql/schema.ts';
import { witnessMutations } from './graphql/witnessed-mutations.ts';
import type { Inbox } from './inbox/inbox.ts';
import { InboxListStore } from './inbox/inbox-list.store.ts';
import { JobQueueStore } from './jobs/job-queue.store.ts';
import type { JobRunner } from './jobs/job-runner.ts';
import { type Clock, MovableClock, SystemClock } from './platform/clock.ts';
import { inBackground } from './platform/database/background.ts';
import { Database } from './platform/database/database.ts';
import { entities } from './platform/database/entities.ts';
import { isMigrated } from './platform/database/migrate.ts';
import type { Logger } from './platform/logger.ts';
import { Metrics } from './platform/metrics.ts';
import { RateLimiter } from './platform/rate-limit/rate-limiter.ts';
import { RateWindowStore } from './platform/rate-limit/rate-window.store.ts';
import type { Tracing } from './platform/tracing.ts';

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
  const { config, databaseUrl, logger } = options;
  const tracing = await startTracing(config);
  if (tracing !== null) closers.push(() => tracing.close());
  const database = await connect(databaseUrl, config, logger, tracing);
  closers.push(() => database.close());
  const clock = options.clock ?? (await startClock(config, database));
  const offsetMs = clock instanceof MovableClock ? clock.offsetMs : undefined;
  const books = join(config.dataDir, 'sandbox.db');
  const sources = await startProviders(config, books, logger, offsetMs);
  closers.push(() => sources.close());
  const metrics = new Metrics();
  const providers = timedProviders(sources.providers, metrics, tracing);
  const playedProviders = sources.played;
  const hub = await composeHub(config, databaseUrl, logger, metrics);
  const foundation = { config, database, hub, clock, logger, metrics, providers, playedProviders };
  const services = composeServices(foundation);
  subscribeFeatures(services);
  await services.environments.settle(environmentsOf(config));
  await inBackground(() => services.catalog.sync(config.catalogue));

  const { inbox } = services;
  await services.reconciliation.begin(inbox);
  const limiter = new RateLimiter({ windows: new RateWindowStore(database), logger });
  closers.push(async () => limiter.close());
  const doors = await composeDoors(services, { limiter, tracing });
  const sweeps = composeSweeps(services);
  const jobs = composeJobs(services, sweeps, databaseUrl, tracing);
  const unwatch = watchAll(services, doors);
  closers.push(async () => unwatch());
  services.clocks.watchOver(sweeps, jobs);
  closers.push(() => hub.close());
  // Both wait for what is under way: one after the other would take as long as both.
  closers.push(() => Promise.all([doors.close(), jobs.stop()]));
  await watchHints(services, doors);
  await jobs.start();

  const url = urlOf(await doors.listen(config.host, config.port));
  sources.deliverWebhooksTo(url);
  inBackground(() => services.catalog.syncToProvider()).catch((error: Error) =>
    logger.warn({ reason: error.message }, 'plans are not at the provider yet'),
  );
  const { sandboxUrl, drain } = sources;
  return { url, sandboxUrl, services, inbox, jobs, drainSandbox: drain };
}

/** In sandbox mode time can be moved, and is where it was moved to. */
async function startClock({ isSandbox }: Config, database: Database): Promise<Clock> {
  return isSandbox
    ? new MovableClock(await new ClockStore(database).offsetMs())
    : new SystemClock();
}

/** What traces need is loaded only where somebody collects them. */
async function startTracing({ otelEndpoint }: Config): Promise<Tracing | null> {
  if (otelEndpoint === null) return null;
  const { Tracing: Collected } = await import('./platform/tracing.ts');
  return new Collected(otelEndpoint);
}

/** Adds what is looked up whenever somebody reads the metrics; answers what ends it. */
function watchAll({ metrics, database, hub, clock }: Services, doors: Doors): () => void {
  return watchParts(metrics, {
    database,
    hub,
    clock,
    inbox: new InboxListStore(database),
    queue: new JobQueueStore(database),
    openSockets: () => doors.openSockets(),
  });
}

function connect(
  url: string,
  config: Config,
  logger: Logger,
  tracing: Tracing | null,
): Promise<Database> {
  const onPoolError = (error: Error) =>
    logger.warn({ reason: error.message }, 'a database connection was lost');
  const { statementTimeoutMs } = config.database;
  const poolSize = POOL_SIZE;
  return Database.connect({ url, entities, poolSize, onPoolError, statementTimeoutMs, tracing });
}

async function composeDoors(
  services: Services,
  parts: { readonly limiter: RateLimiter; readonly tracing: Tracing | null },
): Promise<Doors> {
  const resolvers = composeResolvers(services);
  const { apiKeys, audit, clientTokens, config, database, inbox, logger } = services;
  const { metrics, providers, usageGate } = services;
  const schema = await buildGraphSchema(resolvers);
  return openDoors({
    schema: witnessMutations(schema, (...deed) => audit.witness(...deed)),
    resolvers,
    apiKeys,
    clientTokens,
    providers,
    inbox,
    usageGate,
    logger,
    ...parts,
    metrics,
    metricsToken: config.metricsToken,
    settings: config.doors,
    isProduction: config.nodeEnv === 'production',
    isReady: () => isMigrated(database),
  });
}

/** Acts on what other processes tell: a revoked key is forgotten and its sockets closed, a new catalogue is read. */
async function watchHints(services: Services, doors: Doors): Promise<void> {
  const { hub, apiKeys, catalog, clientTokens, clocks, logger } = services;
  hub.listen('key', (keyId) => {
    apiKeys.forget(keyId);
    clientTokens.forget(keyId);
    doors.closeSocketsOf(keyId);
  });
  hub.onGap(() => void doors.recheckSockets());
  hub.watch('catalogue', 'all', () => catalog.forget());
  hub.watch('clock', 'all', () => {
    clocks
      .follow()
      .catch((error: Error) => logger.warn({ err: error }, 'the clock did not follow'));
  });
  await hub.start();
}

function urlOf({ address, family, port }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return `http://127.0.0.1:${port}`;
  return family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}
