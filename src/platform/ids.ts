import { randomFillSync } from 'node:crypto';
import { v7, validate } from 'uuid';

const BYTES_OF_AN_ID = 16;
/** Asking for random bytes costs several times what the rest of an id does: they are asked for by the hundred. */
const random = new Uint8Array(256 * BYTES_OF_AN_ID);
let usedBytes = random.length;

/** When the last id was made, and its number in that millisecond. */
let lastMs = Number.NEGATIVE_INFINITY;
let sequence = 0;

/** A new id: a UUID of version 7, so that rows made together lie together. Of two of this process the later one is larger. */
export function newId(): string {
  const bytes = freshBytes();
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    sequence = firstOf(bytes);
  } else {
    sequence = (sequence + 1) | 0;
    if (sequence === 0) lastMs += 1;
  }
  return v7({ msecs: lastMs, seq: sequence, random: bytes });
}

/** Whether a client's text can be an id at all; one that cannot is simply not found. */
export function isId(text: string): boolean {
  return validate(text);
}

/** Bytes that no id has had yet. */
function freshBytes(): Uint8Array {
  if (usedBytes === random.length) {
    randomFillSync(random);
    usedBytes = 0;
  }
  usedBytes += BYTES_OF_AN_ID;
  return random.subarray(usedBytes - BYTES_OF_AN_ID, usedBytes);
}

/** 31 of the 32 bits of a millisecond's numbers: as many ids as that may follow. An id takes its other bits from elsewhere. */
function firstOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) >>> 1;
}
