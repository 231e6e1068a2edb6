import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyCreemWebhook } from '../../../src/providers/creem/verify-webhook.ts';
import { CHECKOUT, recorded } from './recorded-objects.ts';

const OLD = `whsec_${Buffer.from('an older secret').toString('base64')}`;
const NEW = `whsec_${Buffer.from('a newer secret').toString('base64')}`;
const STRANGER = `whsec_${Buffer.from('somebody else').toString('base64')}`;
const NOW = new Date('2026-03-01T12:00:00Z');
const EVENT = recorded('checkout.completed', CHECKOUT, NOW.getTime());
const BODY = Buffer.from(JSON.stringify(EVENT));

function verify(headers: Record<string, string>, body: Uint8Array = BODY, secrets = [NEW, OLD]) {
  return verifyCreemWebhook({ secrets, livemode: false }, () => NOW, body, headers);
}

/** Signed as Standard Webhooks does, so many seconds from our real time. */
function standard(secret: string, { body = BODY, offsetS = 0, id = 'msg_1' } = {}) {
  const time = String(Math.floor(Date.now() / 1000) + offsetS);
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${time}.`).update(body);
  return {
    'webhook-id': id,
    'webhook-timestamp': time,
    'webhook-signature': `v1,${signature.digest('base64')}`,
  };
}

function older(secret: string, body: Uint8Array = BODY) {
  return { 'creem-signature': createHmac('sha256', secret).update(body).digest('hex') };
}

const at = (instant: string) =>
  Buffer.from(JSON.stringify({ ...EVENT, created_at: Date.parse(instant) }));

describe('a webhook signed as Standard Webhooks does', () => {
  it('is taken under the id of its event', () => {
    expect(verify(standard(NEW))).toEqual({
      eventId: EVENT.id,
      type: 'checkout.completed',
      text: BODY.toString(),
    });
  });

  it('is taken with either secret while one is rolled, and with several signatures', () => {
    expect(verify(standard(OLD)).eventId).toBe(EVENT.id);
    const headers = standard(STRANGER);
    const good = standard(OLD)['webhook-signature'];
    const both = { ...headers, 'webhook-signature': `${headers['webhook-signature']} ${good}` };
    expect(verify(both).eventId).toBe(EVENT.id);
  });

  it.each([
    ['with another secret', standard(STRANGER), BODY],
    ['over another body', standard(NEW), Buffer.from(BODY.toString().replace('1500', '9500'))],
    ['under another id', { ...standard(NEW), 'webhook-id': 'msg_2' }, BODY],
    ['five minutes ago', standard(NEW, { offsetS: -310 }), BODY],
    ['in the future', standard(NEW, { offsetS: 310 }), BODY],
    ['at no time', { ...standard(NEW), 'webhook-timestamp': 'now' }, BODY],
    ['in another version', { ...standard(NEW), 'webhook-signature': 'v2,abc' }, BODY],
    ['with nothing', { ...standard(NEW), 'webhook-signature': 'v1,' }, BODY],
  ])('is refused when it was signed %s', (_, headers, body) => {
    expect(() => verify(headers, body)).toThrow(
      expect.objectContaining({ code: 'INVALID_WEBHOOK' }),
    );
  });

  it('is not saved by a good signature of the older scheme', () => {
    expect(() => verify({ ...standard(STRANGER), ...older(NEW) })).toThrow('No signature fits.');
  });

  it('may tell of something that happened long ago', () => {
    const body = at('2025-01-01T00:00:00Z');
    expect(verify(standard(NEW, { body }), body).eventId).toBe(EVENT.id);
  });

  it('is refused with a secret that is empty once decoded', () => {
    const headers = { ...standard(NEW), 'webhook-signature': 'v1,' };
    expect(() => verify(headers, BODY, ['whsec_'])).toThrow('No signature fits.');
  });
});

describe('a webhook with the older signature', () => {
  it.each([
    ['the new secret', older(NEW)],
    ['the old secret', older(OLD)],
    ['a prefix', { 'creem-signature': `sha256=${older(NEW)['creem-signature']}` }],
    ['capital letters', { 'creem-signature': older(NEW)['creem-signature'].toUpperCase() }],
    ['its other header', { 'x-creem-signature': older(NEW)['creem-signature'] }],
  ])('is taken with %s', (_, headers) => {
    expect(verify(headers).eventId).toBe(EVENT.id);
  });

  it.each([
    ['is missing', {}],
    ['is another secret’s', older(STRANGER)],
    ['is over another body', older(NEW, Buffer.from('{}'))],
    ['is cut off', { 'creem-signature': older(NEW)['creem-signature'].slice(0, 40) }],
    ['is no hex', { 'creem-signature': 'z'.repeat(64) }],
  ])('is refused when that %s', (_, headers) => {
    expect(() => verify(headers as Record<string, string>)).toThrow(
      expect.objectContaining({ code: 'INVALID_WEBHOOK' }),
    );
  });

  it.each([
    ['2026-02-28T11:59:00Z', 'too old'],
    ['2026-03-01T12:06:00Z', 'from the future'],
  ])('is refused when its event is of %s: it signs no time', (instant, why) => {
    const body = at(instant);
    expect(() => verify(older(NEW, body), body)).toThrow(why);
  });

  it('is taken some hours after its event, as when it is sent again by hand', () => {
    const body = at('2026-02-28T13:00:00Z');
    expect(verify(older(NEW, body), body).eventId).toBe(EVENT.id);
  });
});

describe('a signed body', () => {
  it.each([
    ['that is not JSON', '{"id":'],
    ['that is null', 'null'],
    ['that is no event', '{"id":"evt_1"}'],
  ])('%s is refused, and not shown', (_, text) => {
    const body = Buffer.from(text);
    expect(() => verify(standard(NEW, { body }), body)).toThrow(/^The signed body is not/);
  });

  it('of the live mode is not ours in test mode, and the other way round', () => {
    const live = recorded('checkout.completed', { ...CHECKOUT, mode: 'prod' }, NOW.getTime());
    const body = Buffer.from(JSON.stringify(live));
    expect(() => verify(standard(NEW, { body }), body)).toThrow('test and live do not mix');
    const trust = { secrets: [NEW], livemode: true };
    expect(() => verifyCreemWebhook(trust, () => NOW, BODY, standard(NEW))).toThrow('do not mix');
    const { text } = verifyCreemWebhook(trust, () => NOW, body, standard(NEW, { body }));
    expect(JSON.parse(text)).toMatchObject({ object: { mode: 'prod' } });
  });
});
