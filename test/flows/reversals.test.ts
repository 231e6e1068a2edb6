import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/platform/ids.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { ledgerFaults } from '../support/ledger-checker.ts';
import {
  AdvanceClockDocument,
  CreditBalanceChangedDocument,
  LedgerDocument,
  OrderChangedDocument,
} from '../support/operations.generated.ts';
import {
  booksOf,
  CANCEL_URL,
  checkout,
  control,
  deliver,
  each,
  eventsAbout,
  newKey,
  pageOf,
  pay,
  SUCCESS_URL,
  sql,
  WEBHOOK_SECRET,
} from './given-purchases.ts';
import { balanceOf, entriesOf, reverse, spend, statusOf, topUp } from './given-reversals.ts';

describe('money that goes back', { timeout: 60_000 }, () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ environment: { STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRET } });
  });
  afterAll(async () => {
    expect(await ledgerFaults(gateway.app.services.database)).toEqual([]);
    await gateway.close();
  });

  it('takes its credits with it: what was spent is owed, and paid by what comes next', async () => {
    const account = await gateway.createAccount({ credits: '0' });
    const { orderId, checkoutId } = await topUp(gateway, account);
    await gateway.settled();
    expect(await spend(account, '30')).toBe('SpendCreditsPayload');
    const socket = gateway.live(account.masterKey);
    const balances = socket.subscribe(CreditBalanceChangedDocument, {});
    const orders = socket.subscribe(OrderChangedDocument, { id: orderId });
    expect((await orders.next()).orderChanged.status).toBe('PAID');

    await reverse(gateway, checkoutId, 'refund', 300);
    await orders.until(({ orderChanged }) => orderChanged.status === 'PARTIALLY_REFUNDED');
    await reverse(gateway, checkoutId, 'refund');
    await orders.until(({ orderChanged }) => orderChanged.status === 'REFUNDED');
    const heard = await balances.until(
      ({ creditBalanceChanged }) => creditBalanceChanged.balance.owed === '30',
    );
    expect(heard.at(-1)?.creditBalanceChanged.balance).toMatchObject({
      total: '0',
      available: '0',
    });
    expect(
      heard.flatMap(({ creditBalanceChanged: { transactions } }) =>
        transactions.map(({ type, amount }) => `${type} ${amount}`),
      ),
    ).toEqual(['REFUND -10', 'REFUND -10']);
    expect(await spend(account, '1')).toBe('InsufficientCredits');

    const next = await topUp(gateway, account);
    await gateway.settled();
    expect(await balanceOf(account)).toMatchObject({ owed: '0', available: '20' });
    expect(await statusOf(account, next.orderId)).toBe('PAID');

    // A refund that fails gives back what was taken, and to whom.
    await reverse(gateway, checkoutId, 'failRefund');
    await gateway.settled();
    expect(await statusOf(account, orderId)).toBe('PARTIALLY_REFUNDED');
    expect(await balanceOf(account)).toMatchObject({ owed: '0', available: '60' });
    expect((await entriesOf(account)).slice(2)).toEqual([
      'GRANT 50',
      'SPEND -30',
      'REFUND -10',
      'REFUND -10',
      'GRANT 50',
      'CLAWBACK -30',
      'REFUND 20',
      'REFUND 20',
    ]);
  });

  it('explains itself: which payment, how much of it, and which order had bought the credits', async () => {
    const account = await gateway.createAccount({ credits: '0' });
    const { checkoutId } = await topUp(gateway, account);
    await gateway.settled();
    await reverse(gateway, checkoutId, 'refund', 500);
    await gateway.settled();
    const { account: seen } = await account.client.request(LedgerDocument, {
      first: 1,
      types: ['REFUND'],
    });
    expect(seen?.creditTransactions.edges[0]?.node).toMatchObject({
      amount: '-16.666666',
      description: 'The payment was refunded.',
      metadata: { currency: 'USD', paidMinorUnits: 1500, refundedMinorUnits: 500 },
      allocations: [{ amount: '-16.666666', grant: { source: 'PURCHASE' } }],
    });
  });

  it('holds what is contested, gives it back when the dispute is won, and takes it when it is lost', async () => {
    const account = await gateway.createAccount({ credits: '0' });
    const won = await topUp(gateway, account, '4000000000000259');
    await gateway.settled();
    expect(await statusOf(account, won.orderId)).toBe('DISPUTED');
    expect(await balanceOf(account)).toMatchObject({ total: '50', held: '50', available: '0' });
    await reverse(gateway, won.checkoutId, 'winDispute');
    await gateway.settled();
    expect(await statusOf(account, won.orderId)).toBe('PAID');
    expect(await balanceOf(account)).toMatchObject({ held: '0', available: '50' });

    await spend(account, '10');
    const lost = await topUp(gateway, account);
    await gateway.settled();
    await reverse(gateway, lost.checkoutId, 'dispute');
    await gateway.settled();
    expect(await balanceOf(account)).toMatchObject({ total: '90', held: '50', available: '40' });
    await reverse(gateway, lost.checkoutId, 'loseDispute');
    await gateway.settled();
    expect(await statusOf(account, lost.orderId)).toBe('DISPUTED');
    expect(await balanceOf(account)).toMatchObject({ total: '40', held: '0', owed: '0' });
    expect((await entriesOf(account)).at(-1)).toBe('CLAWBACK -50');
  });

  it('is known before the credits it is about, and taken as soon as they come', async () => {
    await control(gateway, 'webhooks', { mode: 'drop' });
    const account = await gateway.createAccount({ credits: '0' });
    const { orderId, checkoutId } = await topUp(gateway, account);
    await reverse(gateway, checkoutId, 'refund', 900);
    const events = eventsAbout(await booksOf(gateway), account.id);
    await control(gateway, 'webhooks', { mode: 'deliver' });
    const of = (type: string) => events.filter((event) => event.type === type);

    for (const event of of('charge.refunded')) expect(await deliver(gateway.url, event)).toBe(200);
    await gateway.app.jobs.whenIdle();
    expect(await statusOf(account, orderId)).toBe('PENDING');
    expect(await balanceOf(account)).toMatchObject({ total: '0', owed: '0' });

    for (const event of of('checkout.session.completed')) await deliver(gateway.url, event);
    await gateway.app.jobs.whenIdle();
    expect(await statusOf(account, orderId)).toBe('PARTIALLY_REFUNDED');
    expect(await balanceOf(account)).toMatchObject({ total: '20' });
    expect((await entriesOf(account)).slice(2)).toEqual(['GRANT 50', 'REFUND -30']);
  });

  it('is taken once, however many copies and kinds of events tell of it at once', async () => {
    const account = await gateway.createAccount({ credits: '0' });
    const { checkoutId } = await topUp(gateway, account);
    await gateway.settled();
    await control(gateway, 'webhooks', { mode: 'drop' });
    await reverse(gateway, checkoutId, 'refund', 600);
    const events = eventsAbout(await booksOf(gateway), account.id);
    await control(gateway, 'webhooks', { mode: 'deliver' });
    const [event] = events.filter(({ type }) => type === 'charge.refunded');
    const copies = Array.from({ length: 32 }, (_, index) =>
      index % 2 === 0 ? event : { ...event, id: `evt_${newKey()}` },
    );
    await each(copies, (copy) => deliver(gateway.url, copy ?? {}), 32);
    await gateway.app.jobs.whenIdle();
    await expect
      .poll(async () => (await balanceOf(account))?.total, { timeout: 20_000 })
      .toBe('30');
    const entries = await entriesOf(account);
    expect(entries.filter((entry) => entry.startsWith('REFUND'))).toEqual(['REFUND -20']);
  });

  it('makes the order of a second subscription REFUNDED, which never gave anything', async () => {
    const account = await gateway.createAccount();
    const first = pageOf(await checkout(account));
    expect(await pay(first.checkoutUrl)).toBe(303);
    await gateway.settled();
    const before = await balanceOf(account);
    const second = await givenSecondPage(account, first.order.id);
    expect(await pay(second.url)).toBe(303);
    await expect
      .poll(() => statusOf(account, second.orderId), { timeout: 20_000 })
      .toBe('REFUNDED');
    expect(await statusOf(account, first.order.id)).toBe('PAID');
    expect(await balanceOf(account)).toEqual(before);
  });

  it('takes the months of a plan, those that were granted and those that follow', async () => {
    const account = await gateway.createAccount();
    const { order, checkoutUrl } = pageOf(await checkout(account, { interval: 'YEAR' }));
    await pay(checkoutUrl);
    await gateway.settled();
    const [invoice] = (await booksOf(gateway)).invoice.filter(
      ({ total, customer }) => total === 29_000 && customer !== null,
    );
    await reverse(gateway, invoice?.id ?? '', 'refund', 7_250);
    await gateway.settled();
    expect(await balanceOf(account)).toMatchObject({ total: '75', planCredits: '75' });
    expect(await statusOf(account, order.id)).toBe('PARTIALLY_REFUNDED');
    await spend(account, '70');

    const to = new Date(Date.now() + 32 * 86_400_000).toISOString();
    await gateway.admin.request(AdvanceClockDocument, { to });
    expect(await balanceOf(account)).toMatchObject({ total: '75', owed: '0' });
    // Of the month that is over, 70 were spent: they are owed. The 5 that expired are nobody's, and of this one all is taken.
    await reverse(gateway, invoice?.id ?? '', 'refund');
    await gateway.settled();
    expect(await balanceOf(account)).toMatchObject({ total: '0', owed: '70' });
    expect(await statusOf(account, order.id)).toBe('REFUNDED');
  });

  /** A page for another plan that was open while the first one was paid. */
  async function givenSecondPage({ id }: TestAccount, firstOrderId: string) {
    const { catalog, providers } = gateway.app.services;
    const provider = providers.get('STRIPE');
    const plan = await catalog.planBySlug('pro');
    const [price] = plan?.prices ?? [];
    if (plan === null || price === undefined || provider === undefined) throw new Error('No plan.');
    const orderId = newId();
    await sql(
      gateway,
      `insert into purchase_order select (jsonb_populate_record(o, jsonb_build_object('id', $2::text,
         'number', nextval('purchase_order_number'), 'status', 'EXPIRED', 'idempotency_key', 'second', 'paid_at', null,
         'provider_checkout_id', null, 'provider_subscription_id', null))).* from purchase_order o where id = $1`,
      [firstOrderId, orderId],
    );
    const customer = (await booksOf(gateway)).customer.find(
      ({ metadata }) => metadata.accountId === id,
    );
    const { url } = await provider.createPlanCheckout(
      {
        orderId,
        accountId: id,
        customerId: customer?.id ?? '',
        successUrl: SUCCESS_URL,
        cancelUrl: CANCEL_URL,
        expiresAt: new Date(Date.now() + 3_600_000),
        providerPriceId: await catalog.providerPriceId('STRIPE', plan, price),
        trialDays: 0,
      },
      orderId,
    );
    return { orderId, url };
  }
});
