import type Stripe from 'stripe';

const API_VERSION = '2026-10-28.endive';

/** A Stripe event around an object, as it arrives; `overrides` change the envelope. */
export function recordedEvent(
  type: Stripe.Event.Type,
  object: object,
  overrides: Partial<Stripe.EventBase> = {},
): Stripe.EventBase {
  return {
    id: `evt_${type.replaceAll('.', '_')}`,
    object: 'event',
    api_version: API_VERSION,
    created: 1_767_225_605,
    data: { object: object as Stripe.Event.Data.Object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
    ...overrides,
  };
}

/** What a thin event looks like: it names an object instead of carrying it. */
export const thinEvent = {
  id: 'evt_thin',
  object: 'v2.core.event',
  type: 'v1.billing.meter.error_report_triggered',
  livemode: false,
  created: '2026-01-01T00:00:00.000Z',
  related_object: { id: 'mtr_1', type: 'billing.meter', url: '/v1/billing/meters/mtr_1' },
};
