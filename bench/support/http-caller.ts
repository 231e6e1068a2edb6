import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { KeyKind } from './measurement.ts';
import { seededAccount, spendBody } from './spend-operation.ts';

const HEADER_END = '\r\n\r\n';

/** One keep-alive connection that asks and waits, on a bare socket: on a small machine the generator must not be the race. */
export class HttpCaller {
  readonly #socket: Socket;
  #received = '';
  #answer: ((body: string) => void) | null = null;
  #fail: ((error: Error) => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('error', (error) => this.#fail?.(error));
    socket.on('close', () => this.#fail?.(new Error('The server closed the connection.')));
  }

  static async open(port: number): Promise<HttpCaller> {
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    return new HttpCaller(socket);
  }

  /** Spends from the n-th account, with its master key or an agent's, and resolves with the answer's body. */
  spend(account: number, idempotencyKey: string, by: KeyKind = 'masterKey'): Promise<string> {
    const authorization = `authorization: Bearer ${seededAccount(account)[by]}`;
    return this.send('/graphql', authorization, spendBody(idempotencyKey));
  }

  /** Sends a body with the n-th account's key and resolves with the answer's. */
  post(account: number, body: string): Promise<string> {
    return this.send('/graphql', `authorization: Bearer ${seededAccount(account).masterKey}`, body);
  }

  /** Sends an ASCII body with one more header and resolves with the answer's. */
  send(path: string, header: string, body: string): Promise<string> {
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
        `${header}\r\ncontent-length: ${body.length}${HEADER_END}${body}`,
      'latin1',
    );
    return new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#fail = reject;
    });
  }

  close(): void {
    this.#fail = null;
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    const bodyStart = this.#received.indexOf(HEADER_END) + HEADER_END.length;
    if (bodyStart < HEADER_END.length) return;
    const header = this.#received.slice(0, bodyStart);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(header)?.[1]);
    if (this.#received.length < bodyStart + length) return;
    const body = this.#received.slice(bodyStart, bodyStart + length);
    this.#received = '';
    if (header.startsWith('HTTP/1.1 200 ')) this.#answer?.(body);
    else this.#fail?.(new Error(`${header}${body}`));
  }
}
