import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import {
  CreditBalanceChangedDocument,
  GrantsDocument,
  OverviewDocument,
} from '../support/operations.generated.ts';
import { checkout, pageOf, pay, recharge, SUCCESS_URL } from './given-purchases.ts';

const CREEM = { channel: 'CREEM' } as const;

describe('through Creem', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  it('a plan and a top-up are bought on its pages, and heard on an open socket', async () => {
    const account = await gateway.createAccount();
    const live = gateway.live(account.masterKey).subscribe(CreditBalanceChangedDocument, {});
    await live.next();

    const plan = pageOf(await checkout(account, CREEM));
    expect(plan.checkoutUrl).toContain('/creem/checkout/ch_');
    const form = new URLSearchParams({ action: 'pay', cardNumber: '4242424242424242' });
    const paid = await fetch(plan.checkoutUrl, { method: 'POST', body: form, redirect: 'manual' });
    expect(paid.headers.get('location')).toContain(`${SUCCESS_URL}?checkout_id=ch_`);
    await live.until(({ creditBalanceChanged: { balance } }) => balance.available === '100');

    expect(await pay(pageOf(await recharge(account, CREEM)).checkoutUrl)).toBe(303);
    await live.until(({ creditBalanceChanged: { balance } }) => balance.available === '150');
    await gateway.settled();

    const { account: after } = await account.client.request(OverviewDocument);
    expect(after).toMatchObject({
      status: 'ACTIVE',
      plan: { slug: 'starter-pro' },
      subscription: { status: 'ACTIVE', channel: 'CREEM' },
    });
    const { account: holder } = await account.client.request(GrantsDocument, {
      spendableOnly: true,
    });
    expect(holder?.creditGrants.nodes).toMatchObject([
      { source: 'PURCHASE', order: { number: expect.any(String) } },
      { source: 'PLAN', invoice: { status: 'PAID' } },
    ]);
  });
});
