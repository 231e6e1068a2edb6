import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEnvelope } from '../../../src/providers/stripe/event-envelope.ts';
import { recordedEvent } from './recorded-events.ts';
import { beginInvoice } from './recorded-invoices.ts';

const EVENT = recordedEvent('invoice.paid', beginInvoice);
const ENVELOPE = { id: 'evt_invoice_paid', type: 'invoice.paid', livemode: false };
const IMITATION = ',"livemode":true,"pending_webhooks":1,"request":null,"type":"x.y"}';

describe('the envelope of an event', () => {
  it.each([0, 1, 2, '\t'])('is read, indented by %j', (indent) => {
    expect(readEnvelope(JSON.stringify(EVENT, null, indent))).toEqual(ENVELOPE);
  });

  it.each<[string, object | null]>([
    ['nobody', null],
    ['somebody', { id: null, idempotency_key: null }],
    [
      'somebody with a key',
      { id: 'req_1', idempotency_key: 'a {key}, of "1"'.replaceAll('"', '') },
    ],
  ])('is read where %s had asked for what happened', (_, request) => {
    const { type, request: _request, ...rest } = EVENT as unknown as Record<string, unknown>;
    expect(readEnvelope(JSON.stringify({ ...rest, request, type }))).toEqual(ENVELOPE);
  });

  it('is what the outermost object says, whatever the texts in it imitate', () => {
    const event = { ...EVENT, data: { object: { ...beginInvoice, description: IMITATION } } };
    expect(readEnvelope(JSON.stringify(event))).toEqual(ENVELOPE);
  });

  it('is read whether or not what stands between is JSON: who signed it answers for that', () => {
    expect(readEnvelope(JSON.stringify(EVENT).replace('"data":{', '"data":{{'))).toEqual(ENVELOPE);
  });

  it('is what parsing finds, or is left to that', () => {
    const noise = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(IMITATION, `\\${IMITATION}`, '"', '\\', { livemode: true }, [IMITATION]),
    );
    const events = fc.record({
      id: fc.oneof(fc.constant('evt_1'), fc.string()),
      object: fc.constantFrom('event', 'v2.core.event'),
      data: fc.record({ object: fc.dictionary(fc.string(), noise) }),
      livemode: fc.boolean(),
      pending_webhooks: fc.nat(),
      request: fc.oneof(fc.constant(null), fc.record({ id: fc.string() }), noise),
      type: fc.oneof(fc.constant('invoice.paid'), fc.string()),
    });
    const indents = fc.constantFrom(0, 2);
    let read = 0;
    fc.assert(
      fc.property(events, indents, (event, indent) => {
        const { id, type, livemode } = event;
        const envelope = readEnvelope(JSON.stringify(event, null, indent));
        if (envelope === null) return;
        read += 1;
        expect({ ...envelope, object: event.object }).toEqual({
          id,
          type,
          livemode,
          object: 'event',
        });
      }),
      { numRuns: 2_000 },
    );
    expect(read).toBeGreaterThan(100);
  });
});

describe('an event is left to parsing', () => {
  const text = JSON.stringify(EVENT);
  const holding = (object: object) => JSON.stringify({ ...EVENT, data: { object } });

  it.each<[string, string]>([
    ['may hold the secret of an intent', holding({ id: 'pi_1', client_secret: 'secret' })],
    ['may hold it by an escaped name', holding({ x: 1 }).replace('"x"', '"client\\u005fsecret"')],
    ['may hold the address of a portal', holding({ object: 'billing_portal.session' })],
    ['has another order', JSON.stringify({ ...EVENT, account: 'acct_1' })],
    ['ends within a text', `${text.slice(0, text.indexOf('"data"'))}"x":"\\"livemode":false}`],
    [
      'has its mode in the name of something else',
      text.replace(/"livemode":false,"p/, '"x\\"livemode":false,"p'),
    ],
    ['goes on after its end', `${text} {}`],
    ['has a character in it that JSON has not', text.replace('evt_', 'evt_\x1e')],
    ['is none', '{"object":"charge"}'],
    ['is empty', ''],
  ])('when it %s', (_, written) => {
    expect(written).not.toBe(text);
    expect(readEnvelope(written)).toBeNull();
  });
});
