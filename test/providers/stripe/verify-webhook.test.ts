import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import type { VerifiedWebhook, WebhookHeaders } from '../../../src/providers/payment-objects.ts';
import { createStripeProvider } from '../../../src/providers/stripe/stripe-provider.ts';
import { recordedEvent, thinEvent } from './recorded-events.ts';
import { beginInvoice } from './recorded-invoices.ts';

const SECRET = 'whsec_current';
const OLDER_SECRET = 'whsec_being_rolled';
const stripe = new Stripe('sk_test_signing');
const body = JSON.stringify(recordedEvent('invoice.paid', beginInvoice));

describe('a genuine webhook', () => {
  it('is verified, with its id and type', () => {
    expect(verify(body, signed(body))).toEqual({
      eventId: 'evt_invoice_paid',
      type: 'invoice.paid',
      text: body,
    });
  });

  it('is kept in the words in which it came', () => {
    const pretty = JSON.stringify(JSON.parse(body), null, 2).replaceAll(
      'Ada',
      '\\u0041da\u2028\u{1F642}',
    );

    expect(verify(pretty, signed(pretty)).text).toBe(pretty);
  });

  it('is stored without the secret of an intent or the address of a portal', () => {
    const seen = (type: string, object: object) => {
      const event = JSON.stringify({ ...JSON.parse(body), type, data: { object } });
      return JSON.parse(verify(event, signed(event)).text).data.object;
    };
    const intent = { id: 'seti_1', object: 'setup_intent', customer: 'cus_1' };
    const portal = { id: 'bps_1', object: 'billing_portal.session' };

    const charge = { id: 'ch_1', object: 'charge', url: 'https://x' };

    expect(seen('setup_intent.created', { ...intent, client_secret: 'a secret' })).toEqual(intent);
    expect(seen('charge.succeeded', { ...charge, client_secret: 'a secret' })).toEqual(charge);
    expect(seen('charge.succeeded', charge)).toEqual(charge);
    expect(seen('billing_portal.session.created', { ...portal, url: 'https://x' })).toEqual(portal);
  });

  it('is verified by any of the configured secrets', () => {
    expect(verify(body, signed(body, { secret: OLDER_SECRET })).type).toBe('invoice.paid');
  });

  it('is verified when one of two signatures fits, as while a secret is rolled', () => {
    const [time, right] = signed(body).split(',');
    const other = signed(body, { secret: 'whsec_unknown' }).split(',')[1];

    expect(verify(body, `${time},${other},${right}`).type).toBe('invoice.paid');
    expect(verify(body, `${time},${right},${other}`).type).toBe('invoice.paid');
  });

  it.each([-299, 0, 55])('is verified %i s from now', (offsetS) => {
    expect(verify(body, signed(body, { offsetS })).type).toBe('invoice.paid');
  });

  it('is verified whatever API version it speaks', () => {
    const older = JSON.stringify(
      recordedEvent('invoice.paid', beginInvoice, { api_version: '2019-12-03' }),
    );

    expect(verify(older, signed(older)).eventId).toBe('evt_invoice_paid');
  });

  it('is verified with letters of any language in it', () => {
    const named = JSON.stringify(
      recordedEvent('invoice.paid', { ...beginInvoice, customer_name: 'Ådä 東京 🙂' }),
    );

    expect(verify(named, signed(named)).eventId).toBe('evt_invoice_paid');
  });
});

describe('a webhook is refused', () => {
  const [time = '', right = ''] = signed(body).split(',');
  const notUtf8 = Buffer.from(body.replace('Ada', '\xff'), 'latin1');

  it.each<[string, string | Uint8Array, string | undefined]>([
    ['one byte was altered', body.replace('4900', '4901'), signed(body)],
    ['it was signed with another secret', body, signed(body, { secret: 'whsec_unknown' })],
    ['it was signed with a blank secret', body, signed(body, { secret: ' ' })],
    ['it is older than five minutes', body, signed(body, { offsetS: -302 })],
    ['it is from the future', body, signed(body, { offsetS: 65 })],
    ['it is from tomorrow', body, signed(body, { offsetS: 86_400 })],
    ['it has no header', body, undefined],
    ['its header is empty', body, ''],
    ['its header has no time', body, right],
    ['its header hides a time in the future', body, `${time},${signed(body, { offsetS: 999 })}`],
    ['its time is no number', body, `t=soon,${right}`],
    ['its header has no signature', body, time],
    ['its signature is empty', body, `${time},v1=`],
    ['its signature is of the test scheme', body, `${time},${right.replace('v1', 'v0')}`],
    ['its signature is not ASCII', body, `${time},v1=${'é'.repeat(64)}`],
    ['it is empty', '', signed('')],
    ['it is not JSON', '{"object":', signed('{"object":')],
    ['it is JSON null', 'null', signed('null')],
    ['it is a JSON text', '"evt"', signed('"evt"')],
    ['it is a JSON list', '[]', signed('[]')],
    ['it is an object that is no event', '{"object":"charge"}', signed('{"object":"charge"}')],
    ['it is a thin event', JSON.stringify(thinEvent), signed(JSON.stringify(thinEvent))],
    ['it has a byte order mark that was not signed', `\uFEFF${body}`, signed(body)],
    ['it is not UTF-8', notUtf8, signed(new TextDecoder().decode(notUtf8))],
  ])('when %s', (_, raw, header) => {
    expect(() => verify(raw, header)).toThrow(expect.objectContaining({ code: 'INVALID_WEBHOOK' }));
  });

  it('when it is of the other mode', () => {
    const live = JSON.stringify(recordedEvent('invoice.paid', beginInvoice, { livemode: true }));

    expect(() => verify(live, signed(live))).toThrow('test and live do not mix');
    expect(verify(live, signed(live), 'rk_live_1').eventId).toBe('evt_invoice_paid');
    expect(() => verify(body, signed(body), 'sk_live_1')).toThrow('test and live do not mix');
  });

  it('when no secret is configured', () => {
    expect(() => verify(body, signed(body), 'sk_test_1', [])).toThrow();
    expect(() => verify(body, signed(body, { secret: '' }), 'sk_test_1', [''])).toThrow();
  });

  it('when the header came more than once', () => {
    const headers = { 'stripe-signature': [signed(body), signed(body)] };

    expect(() => provider().verifyWebhook(Buffer.from(body), headers)).toThrow('missing');
  });

  it('without a word of its body in the error', () => {
    const secretBody = '{"card":"4242-secret"';
    try {
      verify(secretBody, signed(secretBody));
      expect.unreachable();
    } catch (error) {
      expect(describeWhole(error)).not.toContain('4242-secret');
    }
  });
});

function provider(secretKey = 'sk_test_1', webhookSecrets = [OLDER_SECRET, SECRET]) {
  return createStripeProvider({
    secretKey,
    publishableKey: null,
    webhookSecrets,
    apiBase: 'http://127.0.0.1:1',
  });
}

function verify(
  raw: string | Uint8Array,
  header: string | undefined,
  ...settings: Parameters<typeof provider>
): VerifiedWebhook {
  const headers: WebhookHeaders = { 'stripe-signature': header };
  return provider(...settings).verifyWebhook(
    typeof raw === 'string' ? Buffer.from(raw) : raw,
    headers,
  );
}

function signed(payload: string, { secret = SECRET, offsetS = 0 } = {}): string {
  const timestamp = Math.floor(Date.now() / 1000) + offsetS;
  return stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
}

function describeWhole(error: unknown): string {
  const { message, stack, cause, details } = error as Error & { details?: unknown };
  return JSON.stringify({ message, stack, details, cause: String(cause) });
}
