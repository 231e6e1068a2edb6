import { randomUUID } from 'node:crypto';
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GraphQLSchema } from 'graphql';
import { type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import type { Caller } from '../features/account/caller.model.ts';
import { countedAs } from '../features/account/caller.policy.ts';
import type { Resolvers } from '../graphql/schema.ts';
import { isPassing } from '../platform/database/database-away.ts';
import { RateLimited, Unauthenticated } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { AddressOf } from './client-address.ts';
import type { DoorKeeper } from './door-keeper.ts';
import type { ErrorFormat } from './error-format.ts';
import { LiveProtocol } from './live-protocol.ts';
import { RecentRevocations } from './recent-revocations.ts';
import { mayOpenSocket } from './socket-origin.ts';
import { Tally } from './tally.ts';

interface WebSocketServerOptions {
  readonly server: HttpServer;
  readonly schema: GraphQLSchema;
  readonly keeper: DoorKeeper;
  readonly addressOf: AddressOf;
  /** Origins whose pages may open sockets; the gateway's own pages always may. */
  readonly allowedOrigins: readonly string[];
  /** How many may be open at the same time; 0: no limit. */
  readonly mostSockets: { readonly perKey: number; readonly perAddress: number };
  /** Which of these keys are revoked by now. */
  readonly revokedAmong: (keyIds: readonly string[]) => Promise<readonly string[]>;
  readonly resolvers: Resolvers;
  readonly formatError: ErrorFormat;
  readonly logger: Logger;
}

const LARGEST_MESSAGE = 65_536;
const CLOSE_WITHIN_MS = 4_000;
/** When to try again while as many sockets are open as may be; nobody knows when one closes. */
const COME_AGAIN_S = 30;
/** A revocation is told at once; this finds those whose telling was lost. */
const CHECK_KEYS_EVERY_MS = 15_000;

/** The types of ws do not know its `closeTimeout` yet: a peer that does not answer a close is cut off. */
const SOCKETS: ServerOptions & { closeTimeout: number } = {
  noServer: true,
  maxPayload: LARGEST_MESSAGE,
  closeTimeout: CLOSE_WITHIN_MS,
  handleProtocols: chooseProtocol,
};

const CLOSE = {
  goingAway: 1001,
  tryAgainLater: 1013,
  internal: 4500,
  unauthorized: 4401,
  forbidden: 4403,
};

/** Live updates by the graphql-transport-ws protocol, on the same port and path as GraphQL over HTTP. */
export class LiveSocketServer {
  readonly #options: WebSocketServerOptions;
  readonly #sockets: WebSocketServer;
  readonly #protocol: LiveProtocol;
  readonly #callers = new Map<WebSocket, Caller>();
  readonly #addresses = new WeakMap<WebSocket, string>();
  readonly #openByAddress: Tally;
  readonly #openByKey: Tally;
  readonly #revocations = new RecentRevocations();
  readonly #checkingKeys: NodeJS.Timeout;
  #closing = false;

  constructor(options: WebSocketServerOptions) {
    this.#options = options;
    this.#sockets = new WebSocketServer(SOCKETS);
    this.#openByAddress = new Tally(options.mostSockets.perAddress);
    this.#openByKey = new Tally(options.mostSockets.perKey);
    this.#protocol = new LiveProtocol({
      ...options,
      admit: (socket, authorization) => this.#admit(socket, authorization),
      callerOf: (socket) => this.#callerOf(socket),
      count: (socket) =>
        options.keeper.count(this.#callerOf(socket), () => this.#addressOf(socket)),
      leave: (socket) => this.#leave(socket),
    });
    options.server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#checkingKeys = setInterval(() => void this.recheckKeys(), CHECK_KEYS_EVERY_MS).unref();
  }

  /** How many sockets are open and let in. */
  get openCount(): number {
    return this.#callers.size;
  }

  /** Closes the sockets that were opened with this key, and those that are just being opened. */
  closeOf(keyId: string): void {
    this.#revocations.add(keyId);
    for (const [socket, caller] of this.#callers) {
      if (keyOf(caller) === keyId) socket.close(CLOSE.forbidden, 'This key was revoked.');
    }
  }

  /** Closes the sockets of keys that were revoked while nobody could tell. */
  async recheckKeys(): Promise<void> {
    const keyIds = new Set([...this.#callers.values()].flatMap((caller) => keyOf(caller) ?? []));
    if (keyIds.size === 0) return;
    try {
      for (const keyId of await this.#options.revokedAmong([...keyIds])) this.closeOf(keyId);
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the keys of open sockets could not be checked');
    }
  }

  /** Tells every client that the server goes away, so that they come back to another one. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#checkingKeys);
    for (const socket of this.#sockets.clients)
      socket.close(CLOSE.goingAway, 'The server is going away.');
    await new Promise((resolve) => this.#sockets.close(resolve));
    this.#protocol.close();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Without a listener, a client that goes away during the handshake would end the process.
    socket.on('error', () => socket.destroy());
    const address = this.#options.addressOf(request);
    const refusal = this.#refusalOf(request) ?? this.#enter(address, socket);
    if (refusal !== null) {
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.#addresses.set(webSocket, address);
      this.#protocol.serve(webSocket, socket);
    });
  }

  #refusalOf(request: IncomingMessage): string | null {
    if (this.#closing) return '503 Service Unavailable';
    if (request.url?.split('?')[0] !== '/graphql') return '404 Not Found';
    return mayOpenSocket(request, this.#options.allowedOrigins) ? null : '403 Forbidden';
  }

  /** Counts one more socket of this address, until its connection closes. */
  #enter(address: string, socket: Duplex): string | null {
    if (!this.#openByAddress.enter(address)) {
      return `429 Too Many Requests\r\nRetry-After: ${COME_AGAIN_S}`;
    }
    socket.once('close', () => this.#openByAddress.leave(address));
    return null;
  }

  #callerOf(socket: WebSocket): Caller {
    return this.#callers.get(socket) ?? { kind: 'anonymous' };
  }

  #addressOf(socket: WebSocket): string {
    return this.#addresses.get(socket) ?? '';
  }

  #leave(socket: WebSocket): void {
    const counted = countedAs(this.#callerOf(socket));
    if (this.#callers.delete(socket) && counted !== null) this.#openByKey.leave(counted);
  }

  async #admit(socket: WebSocket, authorization: unknown): Promise<boolean> {
    try {
      const addressOf = () => this.#addressOf(socket);
      const caller = await this.#options.keeper.admit(authorization, addressOf);
      if (caller.kind === 'anonymous') {
        const message =
          'A key is needed: send {"Authorization": "Bearer tg_…"} in connection_init.';
        throw new Unauthenticated(message);
      }
      if (socket.readyState !== WebSocket.OPEN) return false;
      if (!this.#openByKey.enter(countedAs(caller) ?? '')) {
        throw new RateLimited('Too many sockets are open with this key.', COME_AGAIN_S);
      }
      this.#callers.set(socket, caller);
      if (caller.kind === 'client') this.#closeAt(socket, caller.expiresAt);
      if (this.#revocations.has(caller.keyId)) this.closeOf(caller.keyId);
      return true;
    } catch (error) {
      this.#refuse(socket, error);
      return false;
    }
  }

  #closeAt(socket: WebSocket, expiresAt: Date): void {
    const close = () => socket.close(CLOSE.unauthorized, 'This token has expired.');
    const expiring = setTimeout(close, expiresAt.getTime() - Date.now()).unref();
    socket.once('close', () => clearTimeout(expiring));
  }

  #refuse(socket: WebSocket, error: unknown): void {
    if (error instanceof Unauthenticated) {
      socket.close(CLOSE.unauthorized, error.message);
      return;
    }
    if (error instanceof RateLimited) {
      socket.close(CLOSE.tryAgainLater, error.message);
      return;
    }
    const requestId = randomUUID();
    this.#options.logger.error({ err: error, requestId }, 'a socket could not be opened');
    if (isPassing(error)) socket.close(CLOSE.tryAgainLater, 'Try again shortly.');
    else socket.close(CLOSE.internal, `Something went wrong on our side: request ${requestId}.`);
  }
}

function keyOf(caller: Caller): string | undefined {
  return caller.kind === 'anonymous' ? undefined : caller.keyId;
}

function chooseProtocol(offered: Set<string>): string | false {
  return offered.has('graphql-transport-ws') ? 'graphql-transport-ws' : false;
}
