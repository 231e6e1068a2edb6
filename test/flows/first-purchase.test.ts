import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import {
  CreateCheckoutDocument,
  CreditBalanceChangedDocument,
  GrantsDocument,
  OverviewDocument,
  SpendCreditsDocument,
} from '../support/operations.generated.ts';

describe('a first purchase', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  it('leads from a hosted page to credits on an open socket, and to spending them', async () => {
    const account = await gateway.createAccount();
    const live = gateway.live(account.masterKey).subscribe(CreditBalanceChangedDocument, {});
    const before = await live.next();
    expect(before.creditBalanceChanged).toMatchObject({ lagged: false, transactions: [] });

    const { createCheckout: bought } = await account.client.request(CreateCheckoutDocument, {
      input: {
        planSlug: 'starter-pro',
        successUrl: 'http://localhost:3000/welcome',
        cancelUrl: 'http://localhost:3000/pricing',
        idempotencyKey: 'first',
      },
    });
    if (bought.__typename !== 'CreateCheckoutPayload') throw new Error(bought.__typename);
    const paid = await fetch(bought.checkoutUrl, {
      method: 'POST',
      body: new URLSearchParams({ action: 'pay', cardNumber: '4242424242424242' }),
      redirect: 'manual',
    });
    expect(paid.headers.get('location')).toBe('http://localhost:3000/welcome');

    const heard = await live.until(
      ({ creditBalanceChanged }) => creditBalanceChanged.balance.available === '100',
    );
    const entries = heard.flatMap(({ creditBalanceChanged }) => creditBalanceChanged.transactions);
    expect(entries.map(({ sequence, type, amount }) => [sequence, type, amount])).toEqual([
      [2, 'EXPIRY', '-10'],
      [3, 'GRANT', '100'],
    ]);

    const { spendCredits } = await account.client.request(SpendCreditsDocument, {
      input: { amount: '0.000001', idempotencyKey: 'spend' },
    });
    expect(spendCredits).toMatchObject({ balance: { available: '99.999999' } });
    await gateway.settled();
    const { account: after } = await account.client.request(OverviewDocument);
    expect(after).toMatchObject({
      status: 'ACTIVE',
      plan: { slug: 'starter-pro' },
      subscription: { status: 'ACTIVE' },
    });
    const { account: holder } = await account.client.request(GrantsDocument, {
      spendableOnly: true,
    });
    expect(holder?.creditGrants.nodes).toMatchObject([
      { source: 'PLAN', invoice: { status: 'PAID' } },
    ]);
  });
});
