import { WebSocket } from 'ws';
import type { GraphErrorShown } from '../support/graph-client.ts';

interface Message {
  readonly id?: string;
  readonly type: string;
  readonly payload?: unknown;
}

export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
}

/** A socket that says exactly what it is told to, so that a test can break the protocol. */
export class RawSocket {
  readonly #socket: WebSocket;
  readonly #heard: Message[] = [];
  #wake: () => void = () => undefined;
  #end: SocketEnd | null = null;
  readonly closed: Promise<SocketEnd>;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      this.#heard.push(JSON.parse(String(data)) as Message);
      this.#wake();
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.#end = { code, reason: String(reason) };
        this.#wake();
        resolve(this.#end);
      });
    });
  }

  /** Opens a socket; rejects with the HTTP status when there is none to open. */
  static async open(
    gatewayUrl: string,
    { path = '/graphql', protocol = 'graphql-transport-ws' as string | null, headers = {} } = {},
  ): Promise<RawSocket> {
    const url = `${gatewayUrl.replace(/^http/, 'ws')}${path}`;
    const socket =
      protocol === null ? new WebSocket(url) : new WebSocket(url, protocol, { headers });
    const raw = new RawSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('unexpected-response', (_request, response) => {
        reject(new Error(`HTTP ${response.statusCode}`));
        socket.terminate();
      });
      socket.once('error', reject);
    });
    return raw;
  }

  send(message: object | string): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Says who it is and waits to be let in. */
  async init(key: string): Promise<void> {
    this.send({ type: 'connection_init', payload: { Authorization: `Bearer ${key}` } });
    await this.next('connection_ack');
  }

  /** The payload of the next message, which has to be of this type. */
  async next<Payload>(type: string, withinMs = 10_000): Promise<Payload> {
    const message = await this.#message(withinMs);
    if (message.type !== type)
      throw new Error(`Expected ${type}, and heard ${JSON.stringify(message)}`);
    return ((message.payload as { data?: Payload })?.data ?? message.payload) as Payload;
  }

  /** The errors with which a subscription ends: of the document by themselves, of its start as its only result. */
  async nextErrors(): Promise<readonly GraphErrorShown[]> {
    const { type, payload } = await this.#message(10_000);
    if (type === 'error') return payload as GraphErrorShown[];
    return (payload as { errors?: GraphErrorShown[] })?.errors ?? [];
  }

  async #message(withinMs: number): Promise<Message> {
    const late = performance.now() + withinMs;
    while (this.#heard.length === 0) {
      if (this.#end !== null)
        throw new Error(`The socket closed: ${this.#end.code} ${this.#end.reason}`);
      if (performance.now() > late) throw new Error(`Nothing was heard within ${withinMs} ms.`);
      await this.#news(late - performance.now());
    }
    return this.#heard.shift() as Message;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.terminate();
  }

  #news(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const late = setTimeout(resolve, withinMs);
      this.#wake = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }
}
