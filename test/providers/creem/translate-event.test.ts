import { describe, expect, it } from 'vitest';
import { translateCreemEvent } from '../../../src/providers/creem/translate-event.ts';
import {
  CHECKOUT,
  CUSTOMER,
  DISPUTE,
  PRODUCT,
  REFUND,
  recorded,
  SUBSCRIPTION,
  TRANSACTION,
} from './recorded-objects.ts';

const PERIOD = {
  start: new Date('2024-10-12T11:58:38.000Z'),
  end: new Date('2024-11-12T11:58:38.000Z'),
};

describe('checkout.completed', () => {
  it('says that a page was paid, for which order and by which payment', () => {
    expect(translateCreemEvent(recorded('checkout.completed', CHECKOUT))).toEqual({
      kind: 'checkoutChanged',
      checkout: {
        checkoutId: CHECKOUT.id,
        orderId: 'order_1',
        state: 'PAID',
        customerId: CUSTOMER.id,
        subscriptionId: null,
        paymentId: TRANSACTION.id,
        total: { amountMinor: 1500n, currency: 'EUR' },
        url: null,
      },
    });
  });

  it('names the subscription, whole or by its id', () => {
    for (const subscription of [SUBSCRIPTION, SUBSCRIPTION.id]) {
      expect(
        translateCreemEvent(recorded('checkout.completed', { ...CHECKOUT, subscription })),
      ).toMatchObject({ checkout: { subscriptionId: SUBSCRIPTION.id } });
    }
  });

  it('waits for money that is on its way', () => {
    const order = { ...CHECKOUT.order, status: 'pending' };
    expect(
      translateCreemEvent(recorded('checkout.completed', { ...CHECKOUT, order })),
    ).toMatchObject({ checkout: { state: 'PENDING_PAYMENT' } });
  });

  it('belongs to no order of ours without our metadata', () => {
    const { metadata: _, ...foreign } = CHECKOUT;
    expect(translateCreemEvent(recorded('checkout.completed', foreign))).toMatchObject({
      checkout: { orderId: null },
    });
  });

  it('fails on a status that there is no word for', () => {
    const strange = recorded('checkout.completed', { ...CHECKOUT, status: 'abandoned' });
    expect(() => translateCreemEvent(strange)).toThrow('unknown status "abandoned"');
  });
});

describe('subscription.paid', () => {
  const paid = (changes: object = {}) =>
    translateCreemEvent(recorded('subscription.paid', { ...SUBSCRIPTION, ...changes }));

  it('is an invoice that was paid, under the id of its transaction, for the period', () => {
    expect(paid()).toEqual({
      kind: 'invoiceChanged',
      invoice: {
        invoiceId: TRANSACTION.id,
        customerId: CUSTOMER.id,
        subscriptionId: SUBSCRIPTION.id,
        number: null,
        status: 'PAID',
        reason: 'BEGIN',
        total: { amountMinor: 1000n, currency: 'EUR' },
        amountPaidMinor: 1210n,
        discountMinor: 0n,
        period: PERIOD,
        providerPriceId: PRODUCT.id,
        createdAt: new Date(TRANSACTION.created_at),
        paidAt: new Date('2024-10-12T11:58:47.109Z'),
        hostedUrl: null,
        pdfUrl: null,
      },
    });
  });

  it.each([
    ['the whole price', { amount: 1000, amount_paid: 1089, tax_amount: 189 }],
    ['less the discount', { amount: 900, amount_paid: 1089, tax_amount: 189 }],
    ['the whole price, with its tax', { amount: 1000, amount_paid: 900, tax_amount: 156 }],
    ['less the discount, with its tax', { amount: 900, amount_paid: 900, tax_amount: 156 }],
  ])('costs what its discount left, where its amount is %s', (_what, amounts) => {
    const last_transaction = { ...TRANSACTION, ...amounts, discount_amount: 100 };
    expect(paid({ last_transaction })).toMatchObject({
      invoice: {
        total: { amountMinor: 900n },
        amountPaidMinor: BigInt(amounts.amount_paid),
        discountMinor: 100n,
      },
    });
  });

  it('is understood without the transaction in it, as the product costs', () => {
    expect(paid({ last_transaction: undefined })).toMatchObject({
      invoice: {
        invoiceId: TRANSACTION.id,
        total: { amountMinor: 1000n, currency: 'EUR' },
        reason: 'BEGIN',
        period: PERIOD,
      },
    });
  });

  it('renews when the period began later than the subscription', () => {
    expect(paid({ created_at: '2024-08-12T11:58:45.425Z' })).toMatchObject({
      invoice: { reason: 'RENEW' },
    });
  });

  it('renews also when the payment came days late', () => {
    const late = { ...TRANSACTION, created_at: 1729734326000 };
    expect(paid({ created_at: '2024-08-12T11:58:45.425Z', last_transaction: late })).toMatchObject({
      invoice: { reason: 'RENEW', period: PERIOD },
    });
  });

  it('is for a change when the payment’s own period begins within the subscription’s', () => {
    const change = { ...TRANSACTION, period_start: 1729734326000 };
    expect(paid({ last_transaction: change })).toMatchObject({ invoice: { reason: 'CHANGE' } });
  });

  it('begins no month in a trial', () => {
    expect(paid({ status: 'trialing' })).toMatchObject({ invoice: { reason: 'OTHER' } });
  });

  it('names the plan’s own product when another one stood for it with a trial', () => {
    const metadata = { trialProduct: PRODUCT.id, planProduct: 'prod_own' };
    expect(paid({ metadata })).toMatchObject({ invoice: { providerPriceId: 'prod_own' } });
  });

  it('fails without the id of what was paid', () => {
    expect(() => paid({ last_transaction_id: undefined })).toThrow('no last_transaction_id');
  });
});

describe('what a subscription goes through', () => {
  it.each([
    'active',
    'trialing',
    'update',
    'scheduled_cancel',
    'canceled',
    'expired',
    'past_due',
    'unpaid',
    'paused',
  ])('is fetched again: subscription.%s', (what) => {
    expect(translateCreemEvent(recorded(`subscription.${what}`, SUBSCRIPTION))).toEqual({
      kind: 'subscriptionChanged',
      subscriptionId: SUBSCRIPTION.id,
      customerId: CUSTOMER.id,
    });
  });
});

describe('what goes back', () => {
  it('is fetched again by the payment: refund.created', () => {
    expect(translateCreemEvent(recorded('refund.created', REFUND))).toEqual({
      kind: 'paymentReversed',
      paymentId: TRANSACTION.id,
    });
  });

  it('is said with what is contested, which nothing else tells: dispute.created', () => {
    expect(translateCreemEvent(recorded('dispute.created', DISPUTE))).toEqual({
      kind: 'paymentReversed',
      paymentId: TRANSACTION.id,
      contestedMinor: 1210n,
    });
  });
});

describe('anything else', () => {
  it.each(['credits.granted', 'customer_credits.exhausted', 'subscription.renamed'])(
    'is ignored: %s',
    (eventType) => {
      expect(translateCreemEvent(recorded(eventType, {}))).toMatchObject({ kind: 'ignored' });
    },
  );

  it.each([null, 'text', {}, { id: 'evt_1' }, { ...recorded('x', {}), object: null }])(
    'is refused when it is no event: %j',
    (payload) => {
      expect(() => translateCreemEvent(payload)).toThrow('not an event of Creem');
    },
  );
});
