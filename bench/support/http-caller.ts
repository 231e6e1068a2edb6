import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { KeyKind } from './measurement.ts';
import { seededAccount, spendBody } from './spend-operation.ts';

const HEADER_END = '\r\n\r\n';
/** Where every connection puts what it has read: it is a text before the next one reads. */
const INCOMING = Buffer.alloc(65_536);

/** One keep-alive connection that asks and waits, on a bare socket: on a small machine the generator must not be the race. */
export class HttpCaller {
  readonly #socket: Socket;
  #received = '';
  #answer: ((body: string) => void) | null = null;
  #fail: ((error: Error) => void) | null = null;

  private constructor(port: number) {
    // Read without the machinery of streams, which took a sixth of the generator's time.
    const callback = (length: number) => {
      this.#receive(INCOMING.toString('latin1', 0, length));
      return true;
    };
    const onread = { buffer: INCOMING, callback };
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true, onread });
    this.#socket.on('error', (error) => this.#fail?.(error));
    this.#socket.on('close', () => this.#fail?.(new Error('The server closed the connection.')));
  }

  static async open(port: number): Promise<HttpCaller> {
    const caller = new HttpCaller(port);
    await once(caller.#socket, 'connect');
    return caller;
  }

  /** A request with an ASCII body and one more header, ready to be asked. */
  static requestOf(path: string, header: string, body: string): Buffer {
    return Buffer.from(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
        `${header}\r\ncontent-length: ${body.length}${HEADER_END}${body}`,
      'latin1',
    );
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
    return this.ask(HttpCaller.requestOf(path, header, body));
  }

  /** Sends what `requestOf` made and resolves with the answer's body. */
  ask(request: Buffer): Promise<string> {
    this.#socket.write(request);
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
