import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/platform/ids.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { OrdersDocument } from '../support/operations.generated.ts';
import {
  booksOf,
  CANCEL_URL,
  checkout,
  control,
  expectAtProvider,
  forgetFaults,
  newKey,
  pageOf,
  pay,
  recharge,
  SUCCESS_URL,
  sql,
} from './given-purchases.ts';

const CHECKOUT =
  'mutation ($input: CreateCheckoutInput!) { createCheckout(input: $input) { __typename } }';
const CUSTOMERS = '/v1/customers';
const SESSIONS = '/v1/checkout/sessions';

/** Each strikes as often as the adapter tries, so that the whole command fails; the SDK tries a reset twice by itself. */
const FAULTS = [
  ['500', false, 3],
  ['500', true, 3],
  ['502', false, 3],
  ['502', true, 3],
  ['429', false, 1],
  ['429', true, 1],
  ['reset', false, 6],
  ['reset', true, 6],
  ['truncate', true, 3],
] as const;

describe('a provider whose answers are lost', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
    await gateway.app.services.catalog.syncToProvider();
  });
  afterEach(() => forgetFaults(gateway));
  afterAll(() => gateway.close());

  describe.each([
    ['customers', CUSTOMERS],
    ['sessions', SESSIONS],
  ])('when asked for %s', (_, path) => {
    it.each(FAULTS)(
      'with %s (after its effect: %s) is asked again for the same',
      async (...fault) => {
        const [effect, after, times] = fault;
        const account = await gateway.createAccount();
        const idempotencyKey = newKey();
        await control(gateway, 'faults', { method: 'POST', path, effect, after, times });
        await expectUnavailable(account, idempotencyKey);
        await forgetFaults(gateway);
        const page = pageOf(await checkout(account, { idempotencyKey }));
        await expectAtProvider(gateway, account, { customers: 1, sessions: 1, open: 1 });
        await expectOneOrder(account, page.order.id);
      },
    );

    it('hanging is given up within 10 s, and no transaction waits for it', async () => {
      const account = await gateway.createAccount();
      const idempotencyKey = newKey();
      await control(gateway, 'faults', { method: 'POST', path, effect: 'hang', times: 9 });
      const started = performance.now();
      const answer = expectUnavailable(account, idempotencyKey);
      await expect.poll(async () => (await openOrders(account)).length, { timeout: 5_000 }).toBe(1);
      expect(await sql(gateway, OPEN_TRANSACTIONS)).toEqual([]);
      await answer;
      expect(performance.now() - started).toBeLessThan(10_000);
      await forgetFaults(gateway);
      await gateway.app.services.purchases.resume((await openOrders(account))[0]?.id ?? '');
      const page = pageOf(await checkout(account, { idempotencyKey }));
      await expectAtProvider(gateway, account, { customers: 1, sessions: 1 });
      await expectOneOrder(account, page.order.id);
    });
  });

  it('answers within 10 s also when each of its answers is only slow', async () => {
    const account = await gateway.createAccount();
    const idempotencyKey = newKey();
    await control(gateway, 'faults', { path: CUSTOMERS, effect: 'hang', times: 1 });
    await expectUnavailable(account, idempotencyKey);
    await control(gateway, 'faults', { path: SESSIONS, effect: 'hang', times: 9 });
    const started = performance.now();
    // Another key: the page of the order that was left has to be found, and closed, before a new one is opened.
    await expectUnavailable(account, newKey());
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('makes the prices of a plan once, however often it is asked', async () => {
    const fresh = await startGateway({ environment: { SANDBOX_PORT: '0' } });
    try {
      const account = await fresh.createAccount();
      await control(fresh, 'faults', {
        path: '/v1/prices',
        effect: 'reset',
        after: true,
        times: 2,
      });
      await control(fresh, 'faults', {
        path: '/v1/products',
        effect: '500',
        after: true,
        times: 2,
      });
      const answers = await Promise.allSettled(
        Array.from({ length: 5 }, (_, key) => checkout(account, { idempotencyKey: String(key) })),
      );
      expect(answers.length).toBe(5);
      await forgetFaults(fresh);
      await expect
        .poll(async () => checkout(account, { idempotencyKey: newKey() }).catch(() => null), {
          timeout: 20_000,
        })
        .toMatchObject({ __typename: 'CreateCheckoutPayload' });
      const { price } = await booksOf(fresh);
      const active = price.filter((candidate) => candidate.lookup_key?.includes('starter-pro'));
      expect(new Set(active.map(({ lookup_key }) => lookup_key)).size).toBe(active.length);
    } finally {
      await fresh.close();
    }
  });

  it.each([
    ['createCheckout', 'SUBSCRIPTION'],
    ['recharge', 'CREDITS'],
  ] as const)(
    'leaves %s to a job when the process dies before the call',
    async (operation, kind) => {
      const account = await gateway.createAccount();
      const like = await gateway.createAccount();
      const page = pageOf(operation === 'recharge' ? await recharge(like) : await checkout(like));
      const id = newId();
      await sql(gateway, LEFT_BEHIND, [id, account.id, page.order.id]);
      await sql(
        gateway,
        `select graphile_worker.add_job('resume-order', json_build_object('orderId', $1::text))`,
        [id],
      );
      await gateway.app.jobs.whenIdle();
      const { account: seen } = await account.client.request(OrdersDocument, {});
      expect(seen?.orders.nodes).toMatchObject([{ id, kind, status: 'PENDING' }]);
      expect(await pay(seen?.orders.nodes[0]?.checkoutUrl ?? '')).toBe(303);
      await gateway.settled();
      const { account: after } = await account.client.request(OrdersDocument, {});
      expect(after?.orders.nodes).toMatchObject([{ id, status: 'PAID' }]);
      await expectAtProvider(gateway, account, { customers: 1, sessions: 1 });
    },
  );

  it('finds the page that was opened before the process died', async () => {
    const account = await gateway.createAccount();
    const idempotencyKey = newKey();
    const page = pageOf(await checkout(account, { idempotencyKey }));
    await sql(gateway, FORGET_PAGE, [page.order.id]);
    await gateway.app.services.purchases.resume(page.order.id);
    const again = pageOf(await checkout(account, { idempotencyKey }));
    expect(again.checkoutUrl).toBe(page.checkoutUrl);
    await expectAtProvider(gateway, account, { sessions: 1 });
  });

  it('settles an order that was paid before its page was stored', async () => {
    const account = await gateway.createAccount();
    const page = pageOf(await recharge(account));
    await sql(gateway, FORGET_PAGE, [page.order.id]);
    await pay(page.checkoutUrl);
    await gateway.settled();
    await gateway.app.services.purchases.resume(page.order.id);
    const { account: after } = await account.client.request(OrdersDocument, {});
    expect(after?.orders.nodes).toMatchObject([{ status: 'PAID', checkoutUrl: null }]);
  });

  const OPEN_TRANSACTIONS = `select pid, query from pg_stat_activity
    where datname = current_database() and state like 'idle in transaction%'
      and state_change < clock_timestamp() - interval '200 ms'`;
  const FORGET_PAGE =
    'update purchase_order set provider_checkout_id = null, checkout_url = null where id = $1';
  const LEFT_BEHIND = `
    insert into purchase_order (id, account_id, kind, status, channel, amount_minor, currency, credits_micro, plan_id,
      plan_price_id, interval, trial_days, package_id, operation, idempotency_key, request_hash, success_url, cancel_url,
      checkout_expires_at, created_at, updated_at)
    select $1, $2, kind, 'PENDING', channel, amount_minor, currency, credits_micro, plan_id, plan_price_id, interval,
      trial_days, package_id, operation, idempotency_key, request_hash, success_url, cancel_url, checkout_expires_at,
      created_at, updated_at
    from purchase_order where id = $3`;

  async function expectUnavailable(account: TestAccount, idempotencyKey: string): Promise<void> {
    const input = {
      planSlug: 'starter-pro',
      successUrl: SUCCESS_URL,
      cancelUrl: CANCEL_URL,
      idempotencyKey,
    };
    const { errors } = await account.client.post({ query: CHECKOUT, variables: { input } });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['PROVIDER_UNAVAILABLE']);
  }

  function openOrders({ id }: TestAccount): Promise<{ id: string }[]> {
    return sql(gateway, `select id from purchase_order where account_id = $1`, [id]);
  }

  async function expectOneOrder(account: TestAccount, id: string): Promise<void> {
    expect(await openOrders(account)).toEqual([{ id }]);
  }
});
