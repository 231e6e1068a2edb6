import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import {
  CreateCheckoutDocument,
  RecordUsageDocument,
  UsageChangedDocument,
  UsagePeriodDocument,
} from '../../support/operations.generated.ts';
import { become, event, record } from './given.ts';

let gateway: TestGateway;
let neighbour: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
  neighbour = await startGateway({ database: gateway.database });
});
afterAll(async () => {
  await neighbour?.close();
  await gateway?.close();
});

describe('usageChanged', () => {
  it('begins with the present period and tells of what is counted at any gateway', async () => {
    const account = await gateway.createAccount();
    const live = gateway.live(account.masterKey).subscribe(UsageChangedDocument, {});
    const first = await live.next();
    expect(first.usageChanged.counters.map(({ used }) => used)).toEqual([0, 0, 0, 0]);

    const elsewhere = neighbour.as(account.masterKey);
    await Promise.all(
      Array.from({ length: 30 }, () =>
        elsewhere.request(RecordUsageDocument, { input: event({ quantity: 2 }) }),
      ),
    );

    const heard = await live.until(({ usageChanged }) => usageChanged.counters[0]?.used === 60);
    const counts = heard.map(({ usageChanged }) => usageChanged.counters[0]?.used ?? 0);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(new Set(counts).size).toBe(counts.length);
  });

  it('tells only of the metrics that were asked for', async () => {
    const account = await gateway.createAccount();
    const live = gateway
      .live(account.masterKey)
      .subscribe(UsageChangedDocument, { metrics: ['storage'] });
    await live.next();
    await record(account);
    await record(account, { metric: 'storage', quantity: 4 });

    const { usageChanged } = await live.next();
    expect(usageChanged.counters).toMatchObject([{ metric: 'storage', used: 4 }]);
  });

  it('tells of the new period when the trial is over', async () => {
    const account = await gateway.createAccount();
    await record(account, { metric: 'actions', quantity: 1000 });
    const live = gateway.live(account.masterKey).subscribe(UsageChangedDocument, {});
    await live.next();

    await become(gateway, account.id, 'READONLY');

    const { usageChanged } = await live.next();
    expect(usageChanged.counters.find(({ metric }) => metric === 'actions')?.used).toBe(0);
  });

  it('refuses an unknown metric, and a key that may not read', async () => {
    const account = await gateway.createAccount();
    const unknown = gateway
      .live(account.masterKey)
      .subscribe(UsageChangedDocument, { metrics: ['nothing'] });
    expect(await unknown.ended()).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    const { createApiKey } = await account.client.query<{ createApiKey: { secret: string } }>(
      'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }',
      { input: { kind: 'AGENT', name: 'agent', scopes: ['usage:record'] } },
    );
    const mayNot = gateway.live(createApiKey.secret).subscribe(UsageChangedDocument, {});
    expect(await mayNot.ended()).toMatchObject([{ extensions: { code: 'MASTER_KEY_REQUIRED' } }]);
  });
});

describe('a bought plan', () => {
  it("brings its own period, the provider's, and its limits", async () => {
    const account = await gateway.createAccount({ timeZone: 'Pacific/Apia' });
    await record(account, { quantity: 1000 });
    const live = gateway.live(account.masterKey).subscribe(UsageChangedDocument, {});
    await live.next();
    const { createCheckout: bought } = await account.client.request(CreateCheckoutDocument, {
      input: {
        planSlug: 'starter-pro',
        successUrl: 'http://localhost:3000/welcome',
        cancelUrl: 'http://localhost:3000/pricing',
        idempotencyKey: 'first',
      },
    });
    if (bought.__typename !== 'CreateCheckoutPayload') throw new Error(bought.__typename);
    await fetch(bought.checkoutUrl, {
      method: 'POST',
      body: new URLSearchParams({ action: 'pay', cardNumber: '4242424242424242' }),
      redirect: 'manual',
    });
    await live.until(({ usageChanged }) => usageChanged.counters[0]?.limit.value === '100000');

    const { account: found } = await account.client.request(UsagePeriodDocument, {});
    const { account: own } = await account.client.query<{
      account: { subscription: { currentPeriodStart: string; currentPeriodEnd: string } };
    }>('{ account { subscription { currentPeriodStart currentPeriodEnd } } }');
    expect(found?.usagePeriod.end).toBe(own.subscription.currentPeriodEnd);
    const late =
      Date.parse(found?.usagePeriod.start ?? '') - Date.parse(own.subscription.currentPeriodStart);
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(1_000);
    expect(found?.usagePeriod.counters[0]).toMatchObject({ used: 0, limit: { value: '100000' } });
  });
});
