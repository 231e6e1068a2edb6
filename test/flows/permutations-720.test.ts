import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { buyPlan, endOfAll } from './given-permutations.ts';
import { control, WEBHOOK_SECRET } from './given-purchases.ts';

const BEGINNING = [
  'checkout.session.completed',
  'customer.subscription.created',
  'customer.subscription.updated',
  'invoice.created',
  'invoice.finalized',
  'invoice.paid',
];

describe('the six events of a first purchase', { timeout: 240_000 }, () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ environment: { STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRET } });
    await control(gateway, 'webhooks', { mode: 'hold' });
  });
  afterAll(() => gateway.close());

  it('begin a subscription, in each of 720 orders and with duplicates', async () => {
    const end = await endOfAll(gateway, BEGINNING, buyPlan('starter-pro'));
    expect(end).toMatchObject({
      account: { status: 'ACTIVE', blocked: false },
      orders: [{ status: 'PAID', paid: true, subscription: true }],
      subscriptions: [{ status: 'ACTIVE', plan: 'starter-pro', refused: false }],
      invoices: [{ status: 'PAID', amount: 2_900, paid: true, pages: true }],
      grants: [
        { cause: 'account', remaining: 0 },
        { cause: 'invoice', remaining: 100_000_000 },
      ],
      balance: { total: 100_000_000, entries: 3 },
    });
  });
});
