import { createHmac, timingSafeEqual } from 'node:crypto';
import { InvalidWebhook } from '../payment-errors.ts';
import type { VerifiedWebhook, WebhookHeaders } from '../payment-objects.ts';
import { type CreemEvent, isEvent } from './translate-event.ts';

const TOLERANCE_S = 300;
/** Longer than Creem tries by itself (66 minutes), so that an event can be sent again by hand after an outage. */
const OLDEST_MS = 24 * 3_600_000;
const AHEAD_MS = 300_000;

export interface WebhookTrust {
  /** Several while a secret is being rolled; one that fits is enough. */
  readonly secrets: readonly string[];
  /** Whether the key is a live one: events of the other mode are not ours. */
  readonly livemode: boolean;
}

/**
 * Checks a webhook of Creem on its raw bytes, by either of its schemes: Standard Webhooks (signed with its time, at most 5
 * minutes off our real time), or the older `creem-signature`, which signs no time; there the event's own may be at most 24
 * hours before `now`, and its id, kept for ever, stops what comes again. Where the headers of the first are given it decides.
 * Throws InvalidWebhook, without a word of the body.
 */
export function verifyCreemWebhook(
  trust: WebhookTrust,
  now: () => Date,
  rawBody: Uint8Array,
  headers: WebhookHeaders,
): VerifiedWebhook {
  const isStandard = checkStandard(trust, rawBody, headers);
  if (!isStandard) checkOlder(trust, rawBody, headers);
  const { payload, text } = parse(rawBody);
  if (!isStandard) checkAge(payload, now());
  checkMode(payload, trust.livemode);
  return { eventId: payload.id, type: payload.eventType, text };
}

/** Answers false where the webhook is not signed so at all. */
function checkStandard(
  { secrets }: WebhookTrust,
  rawBody: Uint8Array,
  headers: WebhookHeaders,
): boolean {
  const id = headerOf(headers, 'webhook-id');
  const time = headerOf(headers, 'webhook-timestamp');
  const given = headerOf(headers, 'webhook-signature');
  if (id === null || time === null || given === null) return false;
  if (!/^\d{1,12}$/.test(time)) throw new InvalidWebhook('The webhook has no time.');
  if (Math.abs(Date.now() / 1000 - Number(time)) > TOLERANCE_S) {
    throw new InvalidWebhook('The webhook is too old, or from the future.');
  }
  const signatures = given
    .split(' ')
    .flatMap((part) => (part.startsWith('v1,') ? [Buffer.from(part.slice(3), 'base64')] : []));
  const isSigned = secrets.some((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    if (key.length === 0) return false;
    const signed = createHmac('sha256', key).update(`${id}.${time}.`).update(rawBody).digest();
    return signatures.some((signature) => isSame(signature, signed));
  });
  if (!isSigned) throw new InvalidWebhook('No signature fits.');
  return true;
}

function checkOlder({ secrets }: WebhookTrust, rawBody: Uint8Array, headers: WebhookHeaders): void {
  const given = headerOf(headers, 'creem-signature') ?? headerOf(headers, 'x-creem-signature');
  if (given === null) throw new InvalidWebhook('The signature is missing.');
  const hex = given.trim().replace(/^sha256=/, '');
  const signature = /^[0-9a-f]{64}$/i.test(hex) ? Buffer.from(hex, 'hex') : Buffer.alloc(0);
  const isSigned = secrets.some((secret) =>
    isSame(signature, createHmac('sha256', secret).update(rawBody).digest()),
  );
  if (!isSigned) throw new InvalidWebhook('No signature fits.');
}

function checkAge({ created_at: createdAt }: CreemEvent, now: Date): void {
  const ageMs = now.getTime() - createdAt;
  if (ageMs > OLDEST_MS) throw new InvalidWebhook('The webhook is too old.');
  if (ageMs < -AHEAD_MS) throw new InvalidWebhook('The webhook is from the future.');
}

function checkMode({ object }: CreemEvent, livemode: boolean): void {
  const { mode } = object as { mode?: unknown };
  if (mode === undefined || (mode === 'prod') === livemode) return;
  throw new InvalidWebhook('The event is of the other mode: test and live do not mix.');
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parse(rawBody: Uint8Array): { readonly payload: CreemEvent; readonly text: string } {
  let payload: unknown;
  let text: string;
  try {
    text = utf8.decode(rawBody);
    payload = JSON.parse(text);
  } catch {
    // The cause is left out: its message quotes the body.
    throw new InvalidWebhook('The signed body is not JSON.');
  }
  if (!isEvent(payload)) throw new InvalidWebhook('The signed body is not an event of Creem.');
  return { payload, text };
}

function headerOf(headers: WebhookHeaders, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
