import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { GraphQLError, type GraphQLSchema } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Caller } from '../features/account/caller.model.ts';
import type { GraphContext } from '../graphql/context.ts';
import type { Resolvers } from '../graphql/schema.ts';
import type { Logger } from '../platform/logger.ts';
import type { ErrorFormat } from './error-format.ts';
import { LiveAudiences } from './live-audiences.ts';
import { LiveConnection, type LiveDoor } from './live-connection.ts';
import { LiveExecution } from './live-execution.ts';
import { LiveFrames } from './live-frames.ts';
import { LiveHeartbeat } from './live-heartbeat.ts';
import { checkOperation } from './live-operation.ts';
import { nameOf } from './shared-results.ts';

interface LiveProtocolOptions {
  readonly schema: GraphQLSchema;
  readonly resolvers: Resolvers;
  readonly formatError: ErrorFormat;
  readonly logger: Logger;
  /** Lets a socket in by its credential, or closes it. */
  readonly admit: (socket: WebSocket, authorization: unknown) => Promise<boolean>;
  readonly callerOf: (socket: WebSocket) => Caller;
  /** Counts an operation of who is on this socket. Throws RateLimited. */
  readonly count: (socket: WebSocket) => void;
  readonly leave: (socket: WebSocket) => void;
}

/** The graphql-transport-ws protocol with our rules: who may come in, what may be asked, what errors look like. */
export class LiveProtocol {
  readonly #options: LiveProtocolOptions;
  readonly #execution: LiveExecution;
  readonly #door: LiveDoor;

  constructor(options: LiveProtocolOptions) {
    this.#options = options;
    this.#execution = new LiveExecution(options.schema);
    this.#door = {
      ...options,
      audiences: new LiveAudiences(),
      frames: new LiveFrames(),
      heartbeat: new LiveHeartbeat(),
      open: (socket, asked, isOneTooMany) => this.#open(socket, asked, isOneTooMany),
    };
  }

  /** Serves a socket until it closes; `wire`: what it writes to. */
  serve(socket: WebSocket, wire: Duplex): void {
    new LiveConnection(this.#door, socket, wire);
  }

  /** Nobody is asked any more whether he is there. */
  close(): void {
    this.#door.heartbeat.stop();
  }

  #open(
    socket: WebSocket,
    asked: SubscribePayload,
    isOneTooMany: boolean,
  ): ReturnType<LiveDoor['open']> {
    const { schema, resolvers, callerOf, count } = this.#options;
    const refusal = refusalBy(() => {
      if (isOneTooMany) throw tooMany();
      count(socket);
    });
    if (refusal !== null) return Promise.resolve([refusal]);
    const checked = checkOperation(schema, asked);
    if ('errors' in checked) return Promise.resolve(checked.errors);
    const { operationName, variables: variableValues } = asked;
    const caller = callerOf(socket);
    const contextValue: GraphContext = { caller, requestId: randomUUID(), resolvers };
    const { document } = checked;
    const args = { schema, document, operationName, variableValues, contextValue };
    return this.#execution.open(args, nameOf({ ...asked, caller }));
  }
}

function refusalBy(check: () => void): GraphQLError | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    const cause = error as Error;
    return new GraphQLError(cause.message, { originalError: cause });
  }
}

function tooMany(): GraphQLError {
  const message = 'A socket has at most 100 subscriptions at a time.';
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } });
}
