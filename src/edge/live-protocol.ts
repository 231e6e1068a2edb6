import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { GraphQLError, type GraphQLSchema } from 'graphql';
import { makeServer, type Server } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Caller } from '../features/account/caller.model.ts';
import type { GraphContext } from '../graphql/context.ts';
import type { Resolvers } from '../graphql/schema.ts';
import type { ErrorFormat } from './error-format.ts';
import { type LiveArgs, LiveExecution } from './live-execution.ts';
import { LiveFrames } from './live-frames.ts';
import { checkOperation } from './live-operation.ts';
import { nameOf, PayloadTickets } from './shared-results.ts';

interface LiveExtra {
  readonly socket: WebSocket;
  /** What the socket writes to. */
  readonly connection: Duplex;
}

export type LiveProtocol = Server<LiveExtra>;

interface LiveProtocolOptions {
  readonly schema: GraphQLSchema;
  readonly resolvers: Resolvers;
  readonly formatError: ErrorFormat;
  /** Lets a socket in by its credential, or closes it. */
  readonly admit: (socket: WebSocket, authorization: unknown) => Promise<boolean>;
  readonly callerOf: (socket: WebSocket) => Caller;
  /** Counts an operation of who is on this socket. Throws RateLimited. */
  readonly count: (socket: WebSocket) => void;
  readonly leave: (socket: WebSocket) => void;
}

const INIT_WITHIN_MS = 5_000;
const MOST_SUBSCRIPTIONS = 100;

/** The graphql-transport-ws protocol with our rules: who may come in, what may be asked, what errors look like. */
export function liveProtocol(options: LiveProtocolOptions): LiveProtocol {
  const { schema, resolvers, formatError, admit, callerOf, count, leave } = options;
  const execution = new LiveExecution(schema);
  const tickets = new PayloadTickets();
  const frames = new LiveFrames((result) => execution.textOf(result));
  const server = makeServer<Record<string, unknown>, LiveExtra>({
    schema,
    connectionInitWaitTimeout: INIT_WITHIN_MS,
    subscribe: (args) => execution.subscribe(args),
    onConnect: ({ connectionParams, extra }) =>
      admit(extra.socket, connectionParams?.Authorization ?? connectionParams?.authorization),
    onClose: ({ extra }) => leave(extra.socket),
    onSubscribe: ({ extra, subscriptions }, id, asked) => {
      const refusal = refusalBy(() => {
        if (Object.keys(subscriptions).length > MOST_SUBSCRIPTIONS) throw tooMany();
        count(extra.socket);
      });
      if (refusal !== null) return [refusal];
      const checked = checkOperation(schema, asked);
      if ('errors' in checked) return checked.errors;
      const { operationName, variables } = asked;
      const caller = callerOf(extra.socket);
      const contextValue: GraphContext = { caller, requestId: randomUUID(), resolvers };
      const args: LiveArgs = {
        schema,
        document: checked.document,
        operationName,
        variableValues: variables,
        contextValue,
        name: nameOf({ ...asked, caller }),
        sendAtOnce: (result) => frames.sendAtOnce(extra.socket, extra.connection, id, result),
      };
      return args;
    },
    onError: (_ctx, _id, _payload, errors) =>
      errors.map((error) => formatError(error, randomUUID())),
    onNext: (_ctx, _id, _payload, { contextValue }, result) => {
      if (result.errors === undefined) return tickets.issue(execution.textOf(result));
      const { requestId } = contextValue as GraphContext;
      // The protocol's own type wants error objects; only their JSON is sent.
      const errors = result.errors.map((error) => formatError(error, requestId)) as unknown;
      return { ...result, errors: errors as readonly GraphQLError[] };
    },
  });
  return {
    opened: (socket, extra) => {
      const send = (message: string) => socket.send(tickets.redeem(message));
      return server.opened({ ...socket, send }, extra);
    },
  };
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
  const message = `A socket has at most ${MOST_SUBSCRIPTIONS} subscriptions at a time.`;
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } });
}
