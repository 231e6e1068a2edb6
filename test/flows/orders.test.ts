import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { ManualClock } from '../support/manual-clock.ts';
import {
  InvoicesDocument,
  OrderChangedDocument,
  OrderDocument,
  type OrderStatus,
  OrdersDocument,
} from '../support/operations.generated.ts';
import { checkout, newKey, pageOf, pay, recharge } from './given-purchases.ts';

describe('orders', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    // Time stands still, so that two changes bear the same instant.
    gateway = await startGateway({ clock: new ManualClock() });
  });
  afterAll(() => gateway.close());

  it('are listed newest first, in pages that leave none out and repeat none', async () => {
    const account = await gateway.createAccount();
    const ids: string[] = [];
    for (let made = 0; made < 7; made += 1) ids.unshift(pageOf(await recharge(account)).order.id);
    const pages: string[][] = [];
    let after: string | null | undefined = null;
    do {
      const page = await ordersOf(account, { first: 3, after });
      expect(page.totalCount).toBe(7);
      pages.push(page.nodes.map(({ id }) => id));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 1]);
    expect(pages.flat()).toEqual(ids);
  });

  it('are filtered by their statuses, count and all', async () => {
    const account = await gateway.createAccount();
    const paid = pageOf(await recharge(account));
    await recharge(account);
    await checkout(account);
    await checkout(account);
    await pay(paid.checkoutUrl);
    await gateway.settled();
    const count = async (statuses?: OrderStatus[]) => {
      const { nodes, totalCount } = await ordersOf(account, { statuses });
      expect(nodes.length).toBe(totalCount);
      expect(nodes.every(({ status }) => statuses?.includes(status) ?? true)).toBe(true);
      return totalCount;
    };
    expect(await count()).toBe(4);
    expect(await count(['PAID'])).toBe(1);
    expect(await count(['PENDING'])).toBe(2);
    expect(await count(['PAID', 'EXPIRED'])).toBe(2);
    expect(await count(['DISPUTED'])).toBe(0);
    expect(await count([])).toBe(0);
  });

  it.each([
    [{ first: 0 }],
    [{ first: 101 }],
    [{ first: -1 }],
    [{ after: 'nonsense' }],
    [{ after: Buffer.from('invoice:0').toString('base64url') }],
  ])('refuse the page %j', async (page) => {
    const account = await gateway.createAccount();
    const { errors } = await account.client.send(OrdersDocument, page);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
  });

  it('of another account look like missing ones', async () => {
    const [one, other] = [await gateway.createAccount(), await gateway.createAccount()];
    const { id } = pageOf(await recharge(one)).order;
    for (const asked of [id, '00000000-0000-7000-8000-000000000000', 'nonsense', '']) {
      const { data, errors } = await other.client.send(OrderDocument, { id: asked });
      expect(data?.order ?? null).toBeNull();
      expect(errors.map(({ message, extensions }) => [message, extensions.code])).toEqual([
        ['Order not found.', 'NOT_FOUND'],
      ]);
      const heard = gateway.live(other.masterKey).subscribe(OrderChangedDocument, { id: asked });
      expect(JSON.stringify(await heard.ended())).toContain('NOT_FOUND');
    }
    const { order } = await gateway.admin.request(OrderDocument, { id });
    expect(order?.id).toBe(id);
  });

  it('are heard of over a socket: as they are, and then each change', async () => {
    const account = await gateway.createAccount();
    const { order, checkoutUrl } = pageOf(await recharge(account));
    const heard = gateway.live(account.masterKey).subscribe(OrderChangedDocument, { id: order.id });
    expect((await heard.next()).orderChanged).toMatchObject({ status: 'PENDING', checkoutUrl });
    await pay(checkoutUrl);
    const next = (await heard.next()).orderChanged;
    expect(next).toMatchObject({ status: 'PAID', checkoutUrl: null });
    expect(next.paidAt).not.toBeNull();
  });

  it('that expire are heard of too', async () => {
    const account = await gateway.createAccount();
    const { order } = pageOf(await checkout(account));
    const heard = gateway.live(account.masterKey).subscribe(OrderChangedDocument, { id: order.id });
    expect((await heard.next()).orderChanged.status).toBe('PENDING');
    await checkout(account, { idempotencyKey: newKey() });
    expect((await heard.next()).orderChanged.status).toBe('EXPIRED');
  });

  it('are numbered for people, and their invoices shown', async () => {
    const account = await gateway.createAccount();
    const { order, checkoutUrl } = pageOf(await checkout(account));
    expect(order.number).toMatch(/^TG-\d{4,}$/);
    await pay(checkoutUrl);
    await gateway.settled();
    const { account: seen } = await account.client.request(InvoicesDocument);
    expect(seen?.invoices.nodes).toMatchObject([
      { status: 'PAID', amount: { minorUnits: 2_900, currency: 'USD' } },
    ]);
    const [invoice] = seen?.invoices.nodes ?? [];
    for (const url of [invoice?.hostedUrl, invoice?.pdfUrl])
      expect((await fetch(String(url))).status).toBe(200);
  });

  async function ordersOf(
    account: TestAccount,
    variables: { first?: number; after?: string | null; statuses?: OrderStatus[] },
  ) {
    const { account: seen } = await account.client.request(OrdersDocument, variables);
    if (!seen) throw new Error('There is no account.');
    return seen.orders;
  }
});
