import type { AddressInfo } from 'node:net';
import type { GraphQLSchema } from 'graphql';
import type { ApiKeyService } from '../features/account/api-key.service.ts';
import type { ClientTokenService } from '../features/account/client-token.service.ts';
import type { UsageGateService } from '../features/usage/usage-gate.service.ts';
import type { Resolvers } from '../graphql/schema.ts';
import type { Inbox } from '../inbox/inbox.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Channel } from '../platform/money.ts';
import type { RateLimiter } from '../platform/rate-limit/rate-limiter.ts';
import type { Tracing } from '../platform/tracing.ts';
import type { PaymentProvider } from '../providers/payment-provider.ts';
import { authenticateWith } from './authenticate.ts';
import { addressesBehind } from './client-address.ts';
import { type Admit, DoorKeeper, type RateLimits } from './door-keeper.ts';
import { errorFormat } from './error-format.ts';
import { gateRoute } from './gate-route.ts';
import { graphiqlPage } from './graphiql.ts';
import { createGraphServer } from './graphql-server.ts';
import { createHttpServer } from './http-server.ts';
import { metricsRoute } from './metrics-route.ts';
import { webhookRoute } from './webhook-route.ts';
import { LiveSocketServer } from './websocket-server.ts';

interface DoorsOptions {
  readonly schema: GraphQLSchema;
  readonly resolvers: Resolvers;
  readonly apiKeys: ApiKeyService;
  readonly clientTokens: ClientTokenService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
  readonly inbox: Inbox;
  readonly usageGate: UsageGateService;
  readonly logger: Logger;
  readonly isProduction: boolean;
  readonly limiter: RateLimiter;
  readonly metrics: Metrics;
  readonly metricsToken: string | null;
  readonly tracing: Tracing | null;
  readonly settings: {
    readonly allowedOrigins: readonly string[];
    readonly trustedProxies: readonly string[];
    readonly rates: RateLimits;
    readonly sockets: { readonly perKey: number; readonly perAddress: number };
  };
  readonly isReady: () => Promise<boolean>;
}

export interface Doors {
  listen(host: string, port: number): Promise<AddressInfo>;
  /** How many sockets are open and let in. */
  openSockets(): number;
  closeSocketsOf(keyId: string): void;
  /** Closes the sockets whose keys were revoked while nobody could tell. */
  recheckSockets(): Promise<void>;
  close(): Promise<void>;
}

/** A request that is not finished by then, such as one that is never sent whole, is cut off. */
const FINISH_WITHIN_MS = 5_000;

/** Everything that listens: GraphQL over HTTP and sockets, webhooks, the gate, health, and GraphiQL outside production. */
export async function openDoors(options: DoorsOptions): Promise<Doors> {
  const { schema, resolvers, providers, inbox, logger, isProduction, isReady, settings } = options;
  const { metrics, tracing } = options;
  const { allowedOrigins } = settings;
  const formatError = errorFormat({ logger, hidesSchema: isProduction });
  const addressOf = addressesBehind(settings.trustedProxies);
  const keeper = new DoorKeeper({
    authenticate: authenticateWith(options.apiKeys, options.clientTokens),
    limiter: options.limiter,
    limits: settings.rates,
    onLimited: (by) => metrics.requestLimited(by),
  });
  const admit: Admit = (request) =>
    keeper.admit(request.headers.authorization, () => addressOf(request));
  const shared = { admit, allowedOrigins, resolvers, formatError, logger, metrics, tracing };
  const graphServer = createGraphServer({ ...shared, schema, isProduction });
  await graphServer.apollo.start();
  const http = await createHttpServer({
    ...shared,
    graphServer,
    isReady,
    renderGraphiql: isProduction ? null : graphiqlPage,
    routes: [
      webhookRoute({ ...shared, providers, inbox }),
      gateRoute({ ...shared, gate: options.usageGate }),
      metricsRoute({ metrics, token: options.metricsToken }),
    ],
  });
  const sockets = new LiveSocketServer({
    ...shared,
    keeper,
    addressOf,
    server: http.server,
    schema,
    mostSockets: settings.sockets,
    revokedAmong: (keyIds) => options.apiKeys.revokedAmong(keyIds),
  });
  return {
    listen: async (host, port) => {
      await http.listen({ host, port });
      return http.server.address() as AddressInfo;
    },
    openSockets: () => sockets.openCount,
    closeSocketsOf: (keyId) => sockets.closeOf(keyId),
    recheckSockets: () => sockets.recheckKeys(),
    close: async () => {
      const late = setTimeout(() => http.server.closeAllConnections(), FINISH_WITHIN_MS);
      await Promise.all([sockets.close(), http.close()]);
      clearTimeout(late);
      await graphServer.apollo.stop();
    },
  };
}
