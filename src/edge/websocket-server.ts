import { randomUUID } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  parse,
  validate,
} from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Caller } from '../features/account/caller.model.ts';
import type { GraphContext } from '../graphql/context.ts';
import type { Resolvers } from '../graphql/schema.ts';
import { Unauthenticated } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { Authenticate } from './authenticate.ts';
import { formatError } from './error-format.ts';

interface WebSocketServerOptions {
  readonly server: HttpServer;
  readonly schema: GraphQLSchema;
  readonly authenticate: Authenticate;
  readonly resolvers: Resolvers;
  readonly logger: Logger;
}

interface Connection {
  readonly caller: Caller;
  readonly id: string;
}

const LARGEST_MESSAGE = 65_536;
const GOING_AWAY = 1001;
const UNAUTHORIZED = 4401;
const FORBIDDEN = 4403;

/** Live updates by the graphql-transport-ws protocol, on the same port and path as GraphQL over HTTP. */
export class LiveSocketServer {
  readonly #options: WebSocketServerOptions;
  readonly #sockets: WebSocketServer;
  readonly #connections = new Map<WebSocket, Connection>();
  readonly #dispose: () => void | Promise<void>;

  constructor(options: WebSocketServerOptions) {
    this.#options = options;
    this.#sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE });
    this.#dispose = this.#serve().dispose;
    options.server.on('upgrade', (request, socket, head) => {
      if (request.url?.split('?')[0] !== '/graphql') {
        socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.#sockets.emit('connection', webSocket, request);
      });
    });
  }

  /** Closes the sockets that were opened with this key. */
  closeOf(keyId: string): void {
    for (const [socket, { caller }] of this.#connections) {
      if (caller.kind !== 'anonymous' && caller.keyId === keyId)
        socket.close(FORBIDDEN, 'This key was revoked.');
    }
  }

  /** Tells every client that the server goes away, so that they come back to another one. */
  async close(): Promise<void> {
    for (const socket of this.#sockets.clients)
      socket.close(GOING_AWAY, 'The server is going away.');
    await this.#dispose();
  }

  #serve() {
    const { logger, authenticate, schema } = this.#options;
    return useServer<Record<string, unknown>, { socket: WebSocket }>(
      {
        schema,
        connectionInitWaitTimeout: 5_000,
        onConnect: async ({ connectionParams, extra }) => {
          try {
            const caller = await authenticate(authorizationIn(connectionParams));
            this.#connections.set(extra.socket, { caller, id: randomUUID() });
            return true;
          } catch (error) {
            if (!(error instanceof Unauthenticated)) throw error;
            extra.socket.close(UNAUTHORIZED, 'Unauthorized');
            return false;
          }
        },
        onClose: ({ extra }) => {
          this.#connections.delete(extra.socket);
        },
        context: ({ extra }) => this.#contextOf(extra.socket),
        onSubscribe: (_ctx, _id, payload) => {
          const checked = checkOperation(schema, payload.query, payload.operationName);
          if ('errors' in checked) return checked.errors;
          return {
            schema,
            document: checked.document,
            operationName: payload.operationName,
            variableValues: payload.variables,
            contextValue: this.#contextOf(_ctx.extra.socket),
          };
        },
        onError: ({ extra }, _id, _payload, errors) => {
          const { requestId } = this.#contextOf(extra.socket);
          return errors.map((error) => formatError(asGraphError(error), requestId, logger));
        },
        onNext: ({ extra }, _id, _payload, _args, result) => {
          if (result.errors === undefined) return undefined;
          const { requestId } = this.#contextOf(extra.socket);
          return {
            ...result,
            errors: result.errors.map((error) =>
              formatError(asGraphError(error), requestId, logger),
            ),
          };
        },
      },
      this.#sockets,
    );
  }

  #contextOf(socket: WebSocket): GraphContext {
    const { caller, id } = this.#connections.get(socket) ?? {
      caller: { kind: 'anonymous' },
      id: 'closed',
    };
    return { caller, requestId: id, resolvers: this.#options.resolvers };
  }
}

/** Sockets are for subscriptions: they pass the same rules as over HTTP, and queries and mutations go there. */
function checkOperation(
  schema: GraphQLSchema,
  query: string,
  operationName: string | null | undefined,
): { document: DocumentNode } | { errors: readonly GraphQLError[] } {
  let document: DocumentNode;
  try {
    document = parse(query);
  } catch (error) {
    return { errors: [asGraphError(error)] };
  }
  const errors = validate(schema, document);
  if (errors.length > 0) return { errors };
  const operation = getOperationAST(document, operationName);
  if (operation?.operation !== 'subscription') {
    const message =
      'Only subscriptions are served on this socket: send queries and mutations by HTTP to /graphql.';
    return { errors: [new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } })] };
  }
  return { document };
}

function authorizationIn(params: Readonly<Record<string, unknown>> | undefined): unknown {
  return params?.Authorization ?? params?.authorization;
}

function asGraphError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(cause.message, { originalError: cause });
}
