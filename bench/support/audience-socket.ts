import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { seededAccount } from './spend-operation.ts';

/** What every subscriber asks to be told. */
const SUBSCRIPTION = `subscription { creditBalanceChanged {
  balance { version sequence total planCredits purchasedCredits promotionalCredits held owed available }
  transactions { id sequence type usageType amount balanceAfter description createdAt }
  lagged } }`;

const HEAD_END = '\r\n\r\n';
const TEXT = 1;
const PING = 9;
const PONG = 10;
const VERSION = Buffer.from('"version":');
const ACK = Buffer.from('"connection_ack"');
/** Sockets are read one after the other, each to its end: they share what they are read into. */
const SHARED = Buffer.allocUnsafeSlow(65_536);

interface AudienceSocketOptions {
  readonly port: number;
  readonly account: number;
  readonly onReceipt: (account: number, message: Buffer) => void;
  readonly onFailure: (error: Error) => void;
}

/**
 * A subscriber that does as little as it can, so that whoever pushes is what is measured: it looks for the version in every
 * message, and fails when one is not the next after the one before.
 */
export class AudienceSocket {
  readonly #options: AudienceSocketOptions;
  readonly #socket: Socket;
  readonly #opened: () => void;
  #isUpgraded = false;
  #version = -1;
  #rest: Buffer | null = null;

  private constructor(options: AudienceSocketOptions, opened: () => void) {
    this.#options = options;
    this.#opened = opened;
    const onread = {
      buffer: SHARED,
      callback: (length: number) => {
        this.#read(SHARED.subarray(0, length));
        return true;
      },
    };
    this.#socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true, onread });
    this.#socket.on('error', options.onFailure);
    this.#socket.once('connect', () => this.#socket.write(handshake(options.port)));
  }

  /** Resolves when the subscription has told the present state. */
  static open(options: AudienceSocketOptions): Promise<AudienceSocket> {
    return new Promise((resolve) => {
      const socket: AudienceSocket = new AudienceSocket(options, () => resolve(socket));
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    let data = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#isUpgraded) {
      const head = data.indexOf(HEAD_END);
      if (head >= 0) this.#upgraded(data.toString('latin1', 0, head));
      data = head < 0 ? data : data.subarray(head + HEAD_END.length);
    }
    let at = 0;
    while (this.#isUpgraded) {
      const [begin, end] = bounds(data, at);
      if (end > data.length) break;
      this.#hear((data[at] ?? 0) & 0x0f, data.subarray(begin, end));
      at = end;
    }
    // What is left is read into again, so it is kept apart.
    this.#rest = at < data.length ? Buffer.from(data.subarray(at)) : null;
  }

  #upgraded(head: string): void {
    this.#isUpgraded = head.startsWith('HTTP/1.1 101 ');
    if (!this.#isUpgraded) {
      this.#options.onFailure(new Error(head));
      return;
    }
    const { account } = this.#options;
    const { id, masterKey } = seededAccount(account);
    const payload = { Authorization: `Bearer ${masterKey}`, account: id };
    this.#say({ type: 'connection_init', payload });
  }

  #hear(opcode: number, message: Buffer): void {
    if (opcode === PING) this.#socket.write(clientFrame(PONG, message));
    if (opcode === PING) return;
    const version = message.indexOf(VERSION);
    if (opcode === TEXT && version > 0) this.#hearVersion(message, version + VERSION.length);
    else if (message.includes(ACK))
      this.#say({ id: randomUUID(), type: 'subscribe', payload: { query: SUBSCRIPTION } });
    else this.#options.onFailure(new Error(`Heard ${opcode}: ${message}`));
  }

  #hearVersion(message: Buffer, from: number): void {
    let version = 0;
    for (let at = from; isDigit(message[at]); at += 1)
      version = version * 10 + (message[at] ?? 0) - 48;
    const isFirst = this.#version < 0;
    if (!isFirst && version !== this.#version + 1)
      this.#options.onFailure(new Error(`Version ${version} came after ${this.#version}.`));
    this.#version = version;
    if (isFirst) this.#opened();
    else this.#options.onReceipt(this.#options.account, message);
  }

  #say(message: object): void {
    this.#socket.write(clientFrame(TEXT, Buffer.from(JSON.stringify(message))));
  }
}

function handshake(port: number): string {
  const lines = [
    'GET /graphql HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol: graphql-transport-ws',
  ];
  return `${lines.join('\r\n')}${HEAD_END}`;
}

/** Where the payload of the frame at this place begins and ends; beyond the data when not all of it is there yet. */
function bounds(data: Buffer, at: number): readonly [begin: number, end: number] {
  if (at + 2 > data.length) return [at, Number.POSITIVE_INFINITY];
  const short = (data[at + 1] ?? 0) & 0x7f;
  if (short < 126) return [at + 2, at + 2 + short];
  if (at + 4 > data.length) return [at, Number.POSITIVE_INFINITY];
  // Nobody here sends 64 KiB in one message.
  return [at + 4, at + 4 + data.readUInt16BE(at + 2)];
}

/** A frame as clients have to send it, masked by zeros. */
function clientFrame(opcode: number, payload: Buffer): Buffer {
  const isLong = payload.length > 125;
  const head = Buffer.alloc(isLong ? 8 : 6);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (isLong ? 126 : payload.length);
  if (isLong) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}
