import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { type ExecutionResult, GraphQLError } from 'graphql';
import { CloseCode, MessageType, parseMessage, type SubscribePayload } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Logger } from '../platform/logger.ts';
import type { ErrorFormat } from './error-format.ts';
import type { LiveAudiences, Seat } from './live-audiences.ts';
import type { LiveFrames } from './live-frames.ts';
import type { LiveHeartbeat } from './live-heartbeat.ts';
import { LiveSubscription } from './live-subscription.ts';
import { SharedResult } from './shared-results.ts';

/** What all connections share. */
export interface LiveDoor {
  readonly audiences: LiveAudiences;
  readonly frames: LiveFrames;
  readonly heartbeat: LiveHeartbeat;
  readonly formatError: ErrorFormat;
  readonly logger: Logger;
  /** Lets a socket in by its credential, or closes it. */
  readonly admit: (socket: WebSocket, authorization: unknown) => Promise<boolean>;
  readonly leave: (socket: WebSocket) => void;
  /** Opens what is asked for; or answers why not: by errors of the operation, or by the result that its start had. */
  readonly open: (
    socket: WebSocket,
    asked: SubscribePayload,
    isOneTooMany: boolean,
  ) => Promise<Seat | ExecutionResult | readonly GraphQLError[]>;
}

const INIT_WITHIN_MS = 5_000;
const MOST_SUBSCRIPTIONS = 100;
const INTERNAL_ERROR = 4500;
const TOO_LARGE = 1009;
const TRY_AGAIN_LATER = 1013;

/**
 * One socket that speaks graphql-transport-ws (github.com/enisdenjo/graphql-ws, PROTOCOL.md) until it closes. A message counts
 * as sent when the network has taken it: as long as the peer does not read, nothing more is made for it. There may be tens of
 * thousands that wait, so it keeps little.
 */
export class LiveConnection {
  readonly #door: LiveDoor;
  readonly #socket: WebSocket;
  /** What the socket writes to. */
  readonly #wire: Duplex;
  readonly #subscriptions: LiveSubscription[] = [];
  #initDue: NodeJS.Timeout | null;
  #isAdmitted = false;
  #isAlive = true;

  constructor(door: LiveDoor, socket: WebSocket, wire: Duplex) {
    this.#door = door;
    this.#socket = socket;
    this.#wire = wire;
    this.#initDue = setTimeout(() => this.#tooLate(), INIT_WITHIN_MS);
    socket.on('error', (error) => this.#failed(error));
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    socket.on('message', (data) => {
      this.#receive(String(data)).catch((error: Error) => this.#broken(error));
    });
    socket.on('close', () => this.#closed());
    door.heartbeat.add(this);
    if (socket.protocol === '')
      socket.close(CloseCode.SubprotocolNotAcceptable, 'Subprotocol not acceptable');
  }

  get audiences(): LiveAudiences {
    return this.#door.audiences;
  }

  /** Asks whether the peer is there; lets go of it when it did not answer the last time. */
  beat(): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#isAlive) {
      this.#isAlive = false;
      this.#door.frames.ping(this.#socket, this.#wire);
      return;
    }
    this.#door.logger.debug('a subscriber that does not read is let go');
    // Whoever is still there reads this after what is on its way, and resumes; whoever is not is cut off soon after.
    const reason = 'You did not read for too long: come back and resume.';
    this.#socket.close(TRY_AGAIN_LATER, reason);
  }

  sendAtOnce(id: string, result: SharedResult): boolean {
    return this.#door.frames.sendAtOnce(this.#socket, this.#wire, id, result);
  }

  async sendNext(id: string, { result, text }: SharedResult): Promise<void> {
    const payload = text ?? JSON.stringify({ ...result, errors: this.#shown(result.errors ?? []) });
    return this.#send(`{"id":${JSON.stringify(id)},"type":"next","payload":${payload}}`);
  }

  ended(subscription: LiveSubscription, failure: { readonly error: unknown } | null): void {
    const { id } = subscription;
    this.#forget(subscription);
    if (failure === null) this.#say({ id, type: MessageType.Complete });
    else this.#refuse(id, [asGraphError(failure.error)]);
  }

  async #receive(text: string): Promise<void> {
    const message = parsed(text);
    switch (message?.type) {
      case MessageType.ConnectionInit:
        return this.#greet(message.payload);
      case MessageType.Ping: {
        const { payload } = message;
        return this.#say({ type: MessageType.Pong, ...(payload ? { payload } : {}) });
      }
      case MessageType.Pong:
        return;
      case MessageType.Subscribe:
        return this.#subscribe(message.id, message.payload);
      case MessageType.Complete:
        return this.#unsubscribe(message.id);
      default:
        this.#socket.close(CloseCode.BadRequest, 'Invalid message received');
    }
  }

  async #greet(parameters: Record<string, unknown> | null | undefined): Promise<void> {
    if (this.#initDue === null) {
      const reason = 'Too many initialisation requests';
      this.#socket.close(CloseCode.TooManyInitialisationRequests, reason);
      return;
    }
    clearTimeout(this.#initDue);
    this.#initDue = null;
    const authorization = parameters?.Authorization ?? parameters?.authorization;
    if (!(await this.#door.admit(this.#socket, authorization))) {
      this.#socket.close(CloseCode.Forbidden, 'Forbidden');
      return;
    }
    this.#isAdmitted = true;
    this.#say({ type: MessageType.ConnectionAck });
  }

  async #subscribe(id: string, asked: SubscribePayload): Promise<void> {
    if (!this.#isAdmitted) return this.#socket.close(CloseCode.Unauthorized, 'Unauthorized');
    if (this.#subscriptions.some((known) => known.id === id)) {
      const reason = `Subscriber for ${id} already exists`;
      return this.#socket.close(CloseCode.SubscriberAlreadyExists, reason);
    }
    const subscription = new LiveSubscription(id, this);
    this.#subscriptions.push(subscription);
    const isOneTooMany = this.#subscriptions.length > MOST_SUBSCRIPTIONS;
    const opened = await this.#door.open(this.#socket, asked, isOneTooMany);
    if (subscription.isOver) {
      if ('stream' in opened) await opened.stream.return();
    } else if ('stream' in opened) {
      await subscription.begin(opened);
    } else if (isResult(opened)) {
      await this.sendNext(id, new SharedResult(opened));
      subscription.end();
    } else {
      this.#forget(subscription);
      this.#refuse(id, opened);
    }
  }

  #unsubscribe(id: string): void {
    const subscription = this.#subscriptions.find((known) => known.id === id);
    if (subscription === undefined) return;
    this.#forget(subscription);
    subscription.close();
  }

  #forget(subscription: LiveSubscription): void {
    const at = this.#subscriptions.indexOf(subscription);
    if (at >= 0) this.#subscriptions.splice(at, 1);
  }

  #refuse(id: string, errors: readonly GraphQLError[]): void {
    this.#say({ id, type: MessageType.Error, payload: this.#shown(errors) });
  }

  #shown(errors: readonly GraphQLError[]) {
    return errors.map((error) => this.#door.formatError(error, randomUUID()));
  }

  #say(message: object): void {
    this.#send(JSON.stringify(message)).catch((error: Error) => this.#broken(error));
  }

  /** Nobody waits for what was on its way to a socket that closed. */
  #send(text: string): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      if (socket.readyState !== WebSocket.OPEN) return resolve();
      socket.send(text, (error) => {
        if (error && socket.readyState === WebSocket.OPEN) reject(error);
        else resolve();
      });
    });
  }

  #tooLate(): void {
    const reason = 'Connection initialisation timeout';
    this.#socket.close(CloseCode.ConnectionInitialisationTimeout, reason);
  }

  #failed(error: Error): void {
    this.#door.logger.debug({ reason: error.message }, 'a socket failed');
    if (isTooLarge(error)) this.#socket.close(TOO_LARGE, 'This message is too large.');
  }

  #broken(error: Error): void {
    this.#door.logger.error({ err: error }, 'a message on a socket failed');
    this.#socket.close(INTERNAL_ERROR, 'Something went wrong on our side.');
  }

  #closed(): void {
    if (this.#initDue !== null) clearTimeout(this.#initDue);
    this.#door.heartbeat.remove(this);
    for (const subscription of this.#subscriptions.splice(0)) subscription.close();
    this.#door.leave(this.#socket);
  }
}

function parsed(text: string): ReturnType<typeof parseMessage> | null {
  try {
    return parseMessage(text);
  } catch {
    return null;
  }
}

function isResult(opened: object): opened is ExecutionResult {
  return !Array.isArray(opened);
}

function asGraphError(error: unknown): GraphQLError {
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
}

function isTooLarge(error: Error): boolean {
  return (error as { code?: string }).code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
}
