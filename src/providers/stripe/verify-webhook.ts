import type Stripe from 'stripe';
import { InvalidWebhook } from '../payment-errors.ts';
import type { VerifiedWebhook, WebhookHeaders } from '../payment-objects.ts';
import { type EventEnvelope, readEnvelope } from './event-envelope.ts';
import { isEvent } from './translate-event.ts';

const MAX_AGE_S = 300;
const MAX_AHEAD_S = 60;

export interface WebhookTrust {
  /** Several while a secret is being rolled; one that fits is enough. */
  readonly secrets: readonly string[];
  /** Whether the secret key is a live one: events of the other mode are not ours. */
  readonly livemode: boolean;
}

/**
 * Checks a webhook of Stripe on its raw bytes: signature, age (at most 5 minutes, at most 1 minute ahead of our real time),
 * that it is an event and of our mode (https://docs.stripe.com/webhooks/signature). Any API version is accepted: refusing
 * an old one would lose payments, see `translateStripeEvent`.
 * Throws InvalidWebhook, without a word of the body.
 */
export function verifyStripeWebhook(
  stripe: Stripe,
  trust: WebhookTrust,
  rawBody: Uint8Array,
  headers: WebhookHeaders,
): VerifiedWebhook {
  const header = signatureHeader(headers);
  const body = textOf(rawBody);
  refuseFuture(header);
  if (!trust.secrets.some((secret) => isSignedWith(stripe, secret, body, header))) {
    throw new InvalidWebhook('No signature fits, or the webhook is too old.');
  }
  const { id, type, livemode, text } = readEvent(body);
  if (livemode !== trust.livemode) {
    throw new InvalidWebhook('The event is of the other mode: test and live do not mix.');
  }
  return { eventId: id, type, text };
}

/** Where the envelope tells all, the event is parsed when it is acted on, and not here. */
function readEvent(body: string): EventEnvelope & { readonly text: string } {
  const envelope = readEnvelope(body);
  if (envelope !== null) return { ...envelope, text: body };
  const event = parse(body);
  const shown = withoutSecrets(event);
  const { id, type, livemode } = event;
  return { id, type, livemode, text: shown === event ? body : JSON.stringify(shown) };
}

/**
 * Intents carry the secret that confirms them and portal sessions the address that opens them: bearers of both are trusted.
 * An event without either is answered as it is.
 */
export function withoutSecrets(event: Stripe.EventBase): Stripe.EventBase {
  const object = event.data.object as { object?: unknown; client_secret?: unknown; url?: unknown };
  const isPortal = object.object === 'billing_portal.session';
  if (!('client_secret' in object || (isPortal && 'url' in object))) return event;
  const { client_secret: _secret, url, ...rest } = object;
  const shown = isPortal || url === undefined ? rest : { ...rest, url };
  return { ...event, data: { ...event.data, object: shown } };
}

/** Whether a secret key (`sk_live_…`, `rk_live_…`) moves real money. */
export function isLiveKey(secretKey: string): boolean {
  return secretKey.includes('_live_');
}

function signatureHeader(headers: WebhookHeaders): string {
  const value = headers['stripe-signature'] ?? headers['Stripe-Signature'];
  if (typeof value !== 'string' || value === '') {
    throw new InvalidWebhook('The Stripe-Signature header is missing.');
  }
  return value;
}

const exactUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The SDK decodes leniently, so that different bytes could carry one signature. This decoding is exact or fails. */
function textOf(rawBody: Uint8Array): string {
  try {
    return exactUtf8.decode(rawBody);
  } catch (cause) {
    throw new InvalidWebhook('The body is not UTF-8.', {}, { cause });
  }
}

/** The SDK sets no bound on the future: one signed body would stay good until its date has come. */
function refuseFuture(header: string): void {
  const times = header.split(',').filter((part) => part.trim().startsWith('t='));
  const seconds = /^t=(\d{1,12})$/.exec(times[0] ?? '')?.[1];
  if (times.length !== 1 || seconds === undefined) {
    throw new InvalidWebhook('The Stripe-Signature header has no single time.');
  }
  if (Number(seconds) > Date.now() / 1000 + MAX_AHEAD_S) {
    throw new InvalidWebhook('The webhook is from the future.');
  }
}

function isSignedWith(stripe: Stripe, secret: string, body: string, header: string): boolean {
  try {
    return stripe.webhooks.signature?.verifyHeader(body, header, secret, MAX_AGE_S) ?? false;
  } catch {
    // Not only signature errors come out of the SDK: an empty `v1=` makes it throw a plain one. None of them is a signature.
    return false;
  }
}

function parse(body: string): Stripe.EventBase {
  let payload: unknown;
  try {
    payload = JSON.parse(body);
  } catch {
    // The cause is left out: its message quotes the body.
    throw new InvalidWebhook('The signed body is not JSON.');
  }
  if (!isEvent(payload)) throw new InvalidWebhook('The signed body is not a Stripe event.');
  return payload;
}
