import type { AddressInfo } from 'node:net';
import type { GraphQLSchema } from 'graphql';
import type { ApiKeyService } from '../features/account/api-key.service.ts';
import type { UsageGateService } from '../features/usage/usage-gate.service.ts';
import type { Resolvers } from '../graphql/schema.ts';
import type { Inbox } from '../inbox/inbox.ts';
import type { Logger } from '../platform/logger.ts';
import type { Channel } from '../platform/money.ts';
import type { PaymentProvider } from '../providers/payment-provider.ts';
import { authenticateWith } from './authenticate.ts';
import { gateRoute } from './gate-route.ts';
import { graphiqlPage } from './graphiql.ts';
import { createGraphServer } from './graphql-server.ts';
import { createHttpServer } from './http-server.ts';
import { webhookRoute } from './webhook-route.ts';
import { LiveSocketServer } from './websocket-server.ts';

interface DoorsOptions {
  readonly schema: GraphQLSchema;
  readonly resolvers: Resolvers;
  readonly apiKeys: ApiKeyService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
  readonly inbox: Inbox;
  readonly usageGate: UsageGateService;
  readonly logger: Logger;
  readonly isProduction: boolean;
  readonly isReady: () => Promise<boolean>;
}

export interface Doors {
  listen(host: string, port: number): Promise<AddressInfo>;
  closeSocketsOf(keyId: string): void;
  /** Closes the sockets whose keys were revoked while nobody could tell. */
  recheckSockets(): Promise<void>;
  close(): Promise<void>;
}

/** A request that is not finished by then, such as one that is never sent whole, is cut off. */
const FINISH_WITHIN_MS = 5_000;

/** Everything that listens: GraphQL over HTTP and sockets, webhooks, the gate, health, and GraphiQL outside production. */
export async function openDoors(options: DoorsOptions): Promise<Doors> {
  const { schema, resolvers, providers, inbox, logger, isProduction, isReady } = options;
  const authenticate = authenticateWith(options.apiKeys);
  const graphServer = createGraphServer({ schema, isProduction, logger });
  await graphServer.start();
  const http = await createHttpServer({
    graphServer,
    authenticate,
    resolvers,
    logger,
    isReady,
    renderGraphiql: isProduction ? null : graphiqlPage,
    routes: [
      webhookRoute({ providers, inbox, logger }),
      gateRoute({ authenticate, gate: options.usageGate, logger }),
    ],
  });
  const sockets = new LiveSocketServer({
    server: http.server,
    schema,
    authenticate,
    revokedAmong: (keyIds) => options.apiKeys.revokedAmong(keyIds),
    resolvers,
    logger,
  });
  return {
    listen: async (host, port) => {
      await http.listen({ host, port });
      return http.server.address() as AddressInfo;
    },
    closeSocketsOf: (keyId) => sockets.closeOf(keyId),
    recheckSockets: () => sockets.recheckKeys(),
    close: async () => {
      const late = setTimeout(() => http.server.closeAllConnections(), FINISH_WITHIN_MS);
      await Promise.all([sockets.close(), http.close()]);
      clearTimeout(late);
      await graphServer.stop();
    },
  };
}
