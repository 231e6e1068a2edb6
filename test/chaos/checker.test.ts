import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { booksOf, pageOf, pay, recharge, sql } from '../flows/given-purchases.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { HoldCreditsDocument, SpendCreditsDocument } from '../support/operations.generated.ts';
import { recordFaults } from './checker.ts';
import type { Operation } from './journal.ts';

const NOTHING = { amountMicro: null, holdId: null, orderId: null };
const CHECK_IN = 'mutation { checkIn(input: {}) { __typename } }';

// A check that finds nothing has to be one that would have found it.
describe('the check after a round of chaos', () => {
  let gateway: TestGateway;
  let account: TestAccount;
  let right: Operation[];
  beforeAll(async () => {
    gateway = await startGateway();
    account = await gateway.createAccount({ credits: '100' });
    right = await workAndRemember();
    await gateway.settled();
  });
  afterAll(() => gateway.close());

  async function workAndRemember(): Promise<Operation[]> {
    const { client, id: accountId } = account;
    await client.request(SpendCreditsDocument, { input: { amount: '1', idempotencyKey: 'a' } });
    const { holdCredits } = await client.request(HoldCreditsDocument, {
      input: { amount: '2', idempotencyKey: 'b' },
    });
    const holdId = (holdCredits as { hold: { id: string } }).hold.id;
    await client.query(CHECK_IN);
    const { checkoutUrl, order } = pageOf(await recharge(account, { idempotencyKey: 'c' }));
    expect(await pay(checkoutUrl)).toBe(303);
    const told = { ...NOTHING, accountId, outcome: 'acknowledged' as const };
    const [created] = await sql<{ key: string }>(
      gateway,
      'select external_id as key from account where id = $1',
      [accountId],
    );
    return [
      { ...told, kind: 'account', key: created?.key ?? '' },
      { ...told, kind: 'spend', key: 'a', amountMicro: '1000000' },
      { ...told, kind: 'hold', key: 'b', amountMicro: '2000000', holdId },
      { ...told, kind: 'check-in', key: 'today' },
      { ...told, kind: 'top-up', key: 'c', orderId: order.id },
    ];
  }

  /** What is wrong, without the rows. */
  async function faultsOf(
    operations: readonly Operation[],
    change: (books: Record<string, Record<string, unknown>[]>) => void = () => undefined,
  ): Promise<string[]> {
    const books = structuredClone(await booksOf(gateway)) as unknown as Record<
      string,
      Record<string, unknown>[]
    >;
    change(books);
    const found = await recordFaults(gateway.database.ownerUrl, operations, books);
    return found.map((fault) => fault.split(':')[0] ?? '');
  }

  it('finds nothing where everything is as everybody was told', async () => {
    expect(await faultsOf(right)).toEqual([]);
  });

  it('finds what nobody asked for, and what was refused', async () => {
    const unasked = [
      'a spend or capture is there that nobody asked for',
      'a refused hold is there, or one that nobody asked for',
      'a refused top-up is there, or one that nobody asked for',
    ];
    expect(await faultsOf([])).toEqual(unasked);
    expect(await faultsOf(right.map((each) => ({ ...each, outcome: 'refused' })))).toEqual([
      'a refused spend or capture is there',
      ...unasked.slice(1),
    ]);
  });

  it('finds what is missing, and what differs', async () => {
    const lost = right.map((each) => ({ ...each, key: `lost ${each.key}` }));
    const stranger = { ...right[3], accountId: '00000000-0000-7000-8000-000000000000' };
    expect(await faultsOf([...right, ...lost, stranger as Operation])).toEqual([
      'an acknowledged account is not there',
      'an acknowledged spend or capture is not there once, as it was asked for',
      'an acknowledged hold is not there as it was asked for',
      'an acknowledged check-in is not there once, with its credits',
      'an acknowledged top-up is not there',
    ]);
    const released = { ...right[2], kind: 'release', amountMicro: null } as Operation;
    expect(await faultsOf([...right, released])).toEqual([
      'a hold did not end as its owner was told',
    ]);
    const dearer = right.map((each) =>
      each.kind === 'spend' ? { ...each, amountMicro: '7' } : each,
    );
    expect(await faultsOf(dearer)).toEqual([
      'an acknowledged spend or capture is not there once, as it was asked for',
    ]);
  });

  it('finds where the provider knows something else', async () => {
    const twice = (kind: string) =>
      faultsOf(right, (books) => {
        books[kind]?.push({ ...books[kind]?.[0], id: 'another' });
      });
    expect(await twice('checkout.session')).toEqual([
      'an order has several checkouts at the provider',
    ]);
    expect(await twice('customer')).toEqual(['an account has several customers at the provider']);
    expect(await twice('event')).toEqual(['an event of the provider never arrived']);
    const unpaid = await faultsOf(right, (books) => {
      for (const session of books['checkout.session'] ?? []) session.payment_status = 'unpaid';
    });
    expect(unpaid).toEqual(['an order is paid, or credited, without the money']);
    const foreign = await faultsOf(right, (books) => {
      books['checkout.session']?.push({
        id: 'foreign',
        client_reference_id: account.id,
        payment_status: 'paid',
      });
    });
    expect(foreign).toEqual(['a checkout at the provider belongs to no order']);
  });

  it('finds events that were left lying, and credits that were lost', async () => {
    await sql(gateway, "update webhook_event set status = 'FAILED' where type like 'charge%'");
    expect(await faultsOf(right)).toEqual([
      'an event of the provider is neither done nor dead with a reason',
    ]);
    await sql(gateway, "update webhook_event set status = 'PROCESSED' where type like 'charge%'");
    await sql(gateway, "update purchase_order set status = 'PENDING'");
    expect(await faultsOf(right)).toEqual(['a checkout that was paid is not credited once']);
  });
});
