import type { GraphQLSchema } from 'graphql';
import { loadConfig } from '../../src/config.ts';
import { authenticateWith } from '../../src/edge/authenticate.ts';
import { addressesBehind } from '../../src/edge/client-address.ts';
import { DoorKeeper } from '../../src/edge/door-keeper.ts';
import { errorFormat } from '../../src/edge/error-format.ts';
import { createGraphServer } from '../../src/edge/graphql-server.ts';
import { createHttpServer } from '../../src/edge/http-server.ts';
import { ApiKeyService } from '../../src/features/account/api-key.service.ts';
import { ApiKeyStore } from '../../src/features/account/api-key.store.ts';
import { LiveHub } from '../../src/live/hub.ts';
import { PostgresTransport } from '../../src/live/postgres-transport.ts';
import { SystemClock } from '../../src/platform/clock.ts';
import { Database } from '../../src/platform/database/database.ts';
import { entities } from '../../src/platform/database/entities.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { Metrics } from '../../src/platform/metrics.ts';
import { RateLimiter } from '../../src/platform/rate-limit/rate-limiter.ts';
import { RateWindowStore } from '../../src/platform/rate-limit/rate-window.store.ts';
import { peerSchema, type Spend } from './peer-schema.ts';

const POOL_SIZE = 20;

/**
 * Serves a peer's way of spending behind the very door that Tollgate has: the same Fastify and Apollo settings, the same
 * check of keys and rates, the same pool. What differs is what happens between the resolver and the rows.
 * Arguments of the process: the database's URL and the port.
 */
export async function servePeer(spendWith: (database: Database) => Promise<Spend> | Spend) {
  await serveSchema(async (database) => peerSchema(await spendWith(database)));
}

/** As `servePeer`, for another schema than the one of spending. */
export async function serveSchema(
  schemaOn: (database: Database) => Promise<GraphQLSchema> | GraphQLSchema,
) {
  const [url = '', port = ''] = process.argv.slice(2);
  const logger = createLogger('error');
  const database = await Database.connect({
    url,
    entities,
    poolSize: POOL_SIZE,
    onPoolError: (error) => logger.error(error.message),
  });
  // A peer hears the hints that it gives, as the gateway does.
  const hub = new LiveHub(new PostgresTransport(url, logger));
  await hub.start();
  const apiKeys = new ApiKeyService({
    database,
    clock: new SystemClock(),
    store: new ApiKeyStore(database),
    adminKey: null,
  });
  const schema = await schemaOn(database);
  const { doors } = loadConfig({});
  const addressOf = addressesBehind(doors.trustedProxies);
  const metrics = new Metrics();
  const limiter = new RateLimiter({ windows: new RateWindowStore(database), logger });
  const keeper = new DoorKeeper({
    authenticate: authenticateWith(apiKeys, null),
    limiter,
    limits: doors.rates,
    onLimited: (by) => metrics.requestLimited(by),
  });
  const formatError = errorFormat({ logger, hidesSchema: false });
  const graphServer = createGraphServer({
    schema,
    isProduction: false,
    formatError,
    logger,
    metrics,
    tracing: null,
  });
  await graphServer.apollo.start();
  const http = await createHttpServer({
    graphServer,
    admit: (request) => keeper.admit(request.headers.authorization, () => addressOf(request)),
    allowedOrigins: [],
    resolvers: new Map(),
    formatError,
    logger,
    metrics,
    tracing: null,
    isReady: async () => true,
    renderGraphiql: null,
    routes: [],
  });
  await http.listen({ host: '127.0.0.1', port: Number(port) });
  process.once('SIGTERM', async () => {
    await http.close();
    await graphServer.apollo.stop();
    limiter.close();
    await hub.close();
    await database.close();
  });
}
