import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { SharedResult } from './shared-results.ts';

/** Ids that stand in JSON as they are, one byte a character. */
const PLAIN_ID = /^[ !#-[\]-~]+$/;
/** A whole message of text, that is not masked. */
const FIN_TEXT = 0x81;
const HEAD = '{"id":"';
const MIDDLE = '","type":"next","payload":';
const END = 0x7d;
/** A ping without anything in it. */
const PING = Buffer.from([0x89, 0]);

/** Longer ones get bytes of their own. */
const COMMON_LENGTH = 2_048;

/**
 * Messages of the same result, which differ by nothing but the subscribers' operation ids: the bytes on the wire are made
 * once, and each id is written into its place before they are sent. The network copies what it takes at once, so that the next
 * result can be written into the same bytes.
 */
export class LiveFrames {
  #bytes = Buffer.allocUnsafeSlow(COMMON_LENGTH);
  /** What is in the bytes now. */
  #result: SharedResult | null = null;
  #idLength = 0;
  #idAt = 0;
  #frame = this.#bytes;

  /**
   * Sends a result as the next of an operation, if it has no errors, everything before it is on its way and the id is a plain
   * one; else false. `connection`: what the socket writes to. Nobody waits for what is sent to a socket that closes.
   */
  sendAtOnce(socket: WebSocket, connection: Duplex, id: string, result: SharedResult): boolean {
    if (socket.readyState !== WebSocket.OPEN) return true;
    if (result.text === null || socket.bufferedAmount > 0 || !PLAIN_ID.test(id)) return false;
    if (result !== this.#result || id.length !== this.#idLength) {
      this.#write(result.text, id.length);
      this.#result = result;
    }
    this.#frame.write(id, this.#idAt, 'latin1');
    connection.write(this.#frame);
    // What the network did not take yet is still read from these bytes.
    if (connection.writableLength > 0) this.#renew(COMMON_LENGTH);
    return true;
  }

  /** Asks whether the peer is there. */
  ping(socket: WebSocket, connection: Duplex): void {
    if (socket.bufferedAmount > 0) socket.ping();
    else connection.write(PING);
  }

  /** Writes the frame of a message with a blank for an id of this length (RFC 6455, section 5.2). */
  #write(text: string, idLength: number): void {
    const textLength = Buffer.byteLength(text);
    const length = HEAD.length + idLength + MIDDLE.length + textLength + 1;
    const headLength = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    // What was needed once for a long message is not kept for short ones.
    const needed = Math.max(headLength + length, COMMON_LENGTH);
    if (needed > this.#bytes.length || 4 * needed < this.#bytes.length) this.#renew(needed);
    const bytes = this.#bytes;
    bytes[0] = FIN_TEXT;
    if (headLength === 2) bytes[1] = length;
    else if (headLength === 4) bytes[1] = 126;
    else bytes[1] = 127;
    if (headLength === 4) bytes.writeUInt16BE(length, 2);
    if (headLength === 10) bytes.writeBigUInt64BE(BigInt(length), 2);
    this.#idAt = headLength + HEAD.length;
    bytes.write(HEAD, headLength, 'latin1');
    bytes.write(MIDDLE, this.#idAt + idLength, 'latin1');
    bytes.write(text, headLength + length - 1 - textLength, 'utf8');
    bytes[headLength + length - 1] = END;
    this.#frame = bytes.subarray(0, headLength + length);
    this.#idLength = idLength;
  }

  #renew(length: number): void {
    this.#bytes = Buffer.allocUnsafeSlow(length);
    this.#result = null;
  }
}
