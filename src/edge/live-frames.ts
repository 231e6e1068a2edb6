import type { Duplex } from 'node:stream';
import type { ExecutionResult } from 'graphql';
import { WebSocket } from 'ws';

/** Ids that stand in JSON as they are, one byte a character. */
const PLAIN_ID = /^[ !#-[\]-~]+$/;
/** A whole message of text, that is not masked. */
const FIN_TEXT = 0x81;
const HEAD = '{"id":"';
const MIDDLE = '","type":"next","payload":';

interface Template {
  readonly bytes: Buffer;
  readonly idAt: number;
}

/**
 * Messages of the same result, which differ by nothing but the subscribers' operation ids: the bytes on the wire are made
 * once, and each id is written into its place before they are sent. The network copies what it takes at once.
 */
export class LiveFrames {
  readonly #textOf: (result: ExecutionResult) => string;
  readonly #byResult = new WeakMap<ExecutionResult, Map<number, Template>>();

  constructor(textOf: (result: ExecutionResult) => string) {
    this.#textOf = textOf;
  }

  /**
   * Sends a result as the next of an operation, if everything before it is on its way and the id is a plain one; else false.
   * `connection`: what the socket writes to. Nobody waits for what is sent to a socket that closes.
   */
  sendAtOnce(socket: WebSocket, connection: Duplex, id: string, result: ExecutionResult): boolean {
    if (socket.readyState !== WebSocket.OPEN) return true;
    if (socket.bufferedAmount > 0 || !PLAIN_ID.test(id)) return false;
    const templates = this.#byResult.get(result) ?? new Map<number, Template>();
    this.#byResult.set(result, templates);
    const template = templates.get(id.length) ?? templateOf(this.#textOf(result), id.length);
    templates.set(id.length, template);
    template.bytes.write(id, template.idAt, 'latin1');
    connection.write(template.bytes);
    // What the network did not take yet is still read from these bytes.
    if (connection.writableLength > 0) templates.delete(id.length);
    return true;
  }
}

/** The frame of a message with a blank for an id of this length (RFC 6455, section 5.2). */
function templateOf(text: string, idLength: number): Template {
  const length = HEAD.length + idLength + MIDDLE.length + Buffer.byteLength(text) + 1;
  const headLength = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafeSlow(headLength + length);
  bytes[0] = FIN_TEXT;
  if (headLength === 2) bytes[1] = length;
  else if (headLength === 4) bytes[1] = 126;
  else bytes[1] = 127;
  if (headLength === 4) bytes.writeUInt16BE(length, 2);
  if (headLength === 10) bytes.writeBigUInt64BE(BigInt(length), 2);
  const idAt = headLength + HEAD.length;
  bytes.write(HEAD, headLength, 'latin1');
  bytes.write(MIDDLE, idAt + idLength, 'latin1');
  bytes.write(`${text}}`, idAt + idLength + MIDDLE.length, 'utf8');
  return { bytes, idAt };
}
