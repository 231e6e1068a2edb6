import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A bare connection to Redis, to know what Redis takes and not what a client library does. */
export class RedisConnection {
  readonly #socket: Socket;
  #heard: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    // One answer or message is under way at a time, and is small: what comes is it.
    socket.on('data', () => this.#heard());
  }

  static async open(url: string): Promise<RedisConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port || 6_379), noDelay: true });
    await once(socket, 'connect');
    return new RedisConnection(socket);
  }

  /** Sends an ASCII command; resolves when it is answered. */
  send(...words: readonly string[]): Promise<void> {
    const answered = this.hear();
    const parts = words.map((word) => `$${word.length}\r\n${word}\r\n`);
    this.#socket.write(`*${words.length}\r\n${parts.join('')}`);
    return answered;
  }

  /** Resolves when something comes. */
  hear(): Promise<void> {
    return new Promise((resolve) => {
      this.#heard = resolve;
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}
