import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledgerFaults } from '../../support/ledger-checker.ts';
import { adjust, grant, type LedgerWorld, ledgerWorld, spend } from './ledger-world.ts';

const APPEND_ONLY = ['credit_transaction', 'credit_allocation', 'idempotency_key'] as const;
const CHANGES = APPEND_ONLY.flatMap((table) => [
  [table, `update ${table} set account_id = account_id`],
  [table, `delete from ${table}`],
  [table, `truncate ${table}`],
]);

describe('the database itself', () => {
  let world: LedgerWorld;
  let accountId: string;
  beforeAll(async () => {
    world = await ledgerWorld();
    accountId = await world.account(100n);
    await spend(world, accountId, 10n, 'first');
  });
  afterAll(() => world.close());
  const asOwner = (text: string, values: unknown[] = []) => world.owner.pool.query(text, values);
  const asGateway = (text: string, values: unknown[] = []) =>
    world.database.pool.query(text, values);

  it.each(CHANGES)('lets the gateway’s role not change %s: %s', async (_table, statement) => {
    await expect(asGateway(statement as string)).rejects.toThrow('permission denied for table');
  });

  it.each(CHANGES)('lets not even the owner change %s: %s', async (table, statement) => {
    await expect(asOwner(statement as string)).rejects.toThrow(`${table} is append-only`);
  });

  it('refuses a negative balance, and one of less than is held', async () => {
    const set = (what: string) =>
      asOwner(`update credit_balance set ${what} where account_id = $1`, [accountId]);
    await expect(set('total_micro = -1')).rejects.toThrow('available_not_negative');
    await expect(set('held_micro = total_micro + 1')).rejects.toThrow('available_not_negative');
    await expect(set('owed_micro = -1')).rejects.toThrow('parts_not_negative');
    await expect(set('plan_micro = total_micro + 1')).rejects.toThrow('parts_within_total');
  });

  it('refuses a grant of which less than nothing or more than all is left', async () => {
    const set = (what: string) =>
      asOwner(`update credit_grant set ${what} where account_id = $1`, [accountId]);
    await expect(set('remaining_micro = -1')).rejects.toThrow('remaining_within_amount');
    await expect(set('remaining_micro = amount_micro + 1')).rejects.toThrow(
      'remaining_within_amount',
    );
    await expect(set('held_micro = -1')).rejects.toThrow('held_not_negative');
  });

  it('refuses a second grant for the same cause', async () => {
    await expect(
      asOwner(
        `insert into credit_grant (id, account_id, source, status, amount_micro, priority, effective_at, cause_kind, cause_id, created_at)
         select $1, account_id, source, 'PENDING', 1, 10, now(), cause_kind, cause_id, now() from credit_grant limit 1`,
        [randomUUID()],
      ),
    ).rejects.toThrow('credit_grant_cause_unique');
  });

  it('refuses a second entry with the same sequence, and a key that is there', async () => {
    await expect(
      asOwner('insert into credit_transaction select * from credit_transaction'),
    ).rejects.toThrow('credit_transaction_pkey');
    await expect(
      asOwner('insert into idempotency_key select * from idempotency_key'),
    ).rejects.toThrow('idempotency_key_pkey');
  });

  it('is as right after all that as before', async () => {
    expect(await ledgerFaults(world.owner)).toEqual([]);
  });
});

describe('what is due', () => {
  let world: LedgerWorld;
  beforeAll(async () => {
    world = await ledgerWorld();
  });
  afterAll(() => world.close());
  const at = (hours: number) => new Date(Date.UTC(2026, 2, 1, hours));
  const entries = async (accountId: string) => {
    const { items } = await world.history.transactions(accountId, null, { first: 100 });
    return items
      .map(({ type, amountMicro, balanceAfterMicro }) => [type, amountMicro, balanceAfterMicro])
      .reverse();
  };

  it('is left out of the balance when it expired unswept, and written down by the next debit', async () => {
    world.clock.set(at(0));
    const id = await world.account();
    await grant(world, id, {
      amountMicro: 70n,
      effectiveAt: at(0),
      expiresAt: at(1),
      source: 'PLAN',
    });
    await grant(world, id, { amountMicro: 30n, effectiveAt: at(0) });
    world.clock.set(at(1));
    expect(await world.ledger.balance(id)).toMatchObject({ totalMicro: 30n, planMicro: 0n });
    const all = await world.history.grants(id, false, {});
    expect(all.items.map((each) => each.remainingMicro)).toEqual([30n, 0n]);
    const spendable = await world.history.grants(id, true, {});
    expect(spendable.items.map((each) => each.amountMicro)).toEqual([30n]);
    expect(await spend(world, id, 31n, 'too-much')).toBe('INSUFFICIENT_CREDITS');
    expect(await spend(world, id, 30n, 'all')).toBe(4n);
    expect(await entries(id)).toEqual([
      ['GRANT', 70n, 70n],
      ['GRANT', 30n, 100n],
      ['EXPIRY', -70n, 30n],
      ['SPEND', -30n, 0n],
    ]);
  });

  it('enters when it becomes effective, to the instant, and says what it is', async () => {
    world.clock.set(at(0));
    const id = await world.account();
    await grant(world, id, { amountMicro: 50n, effectiveAt: at(2), expiresAt: at(3) });
    world.clock.set(new Date(at(2).getTime() - 1));
    expect((await world.ledger.balance(id)).totalMicro).toBe(0n);
    expect(await spend(world, id, 1n, 'early')).toBe('INSUFFICIENT_CREDITS');
    world.clock.set(at(2));
    expect((await world.ledger.balance(id)).totalMicro).toBe(50n);
    expect(await spend(world, id, 1n, 'early')).toBe(2n);
    const { items } = await world.history.transactions(id, null, {});
    expect(items[1]).toMatchObject({ type: 'GRANT', description: 'A grant.' });
    world.clock.set(at(3));
    expect(await spend(world, id, 1n, 'late')).toBe('INSUFFICIENT_CREDITS');
    expect((await entries(id)).at(-1)).toEqual(['EXPIRY', -49n, 0n]);
  });

  it('tells those who watch, also when the debit that met it was refused', async () => {
    world.clock.set(at(0));
    const id = await world.account();
    await grant(world, id, { amountMicro: 5n, effectiveAt: at(0), expiresAt: at(1) });
    const listener = await world.owner.pool.connect();
    const heard: (string | undefined)[] = [];
    listener.on('notification', ({ payload }) => heard.push(payload));
    try {
      await listener.query('listen tollgate');
      world.clock.set(at(1));
      expect(await spend(world, id, 1n, 'late')).toBe('INSUFFICIENT_CREDITS');
      await expect.poll(() => heard).toContain(`balance:${id}`);
    } finally {
      listener.release(true);
    }
  });

  it('gives a gift once per key even when the key comes back after the gift expired', async () => {
    world.clock.set(at(0));
    const id = await world.account();
    expect(await adjust(world, id, 5n, 'gift', at(1))).toBe(1n);
    world.clock.set(at(2));
    expect(await adjust(world, id, 5n, 'gift', at(1))).toBe(1n);
    expect(await adjust(world, id, 5n, 'other', at(1))).toBe('BAD_USER_INPUT');
    expect((await world.ledger.balance(id)).totalMicro).toBe(0n);
  });

  it('cannot grow beyond what can be kept, not even in the future', async () => {
    world.clock.set(at(0));
    const id = await world.account();
    const most = 9_223_372_036_854_775_807n;
    await grant(world, id, { amountMicro: most - 10n, effectiveAt: at(1) });
    expect(await adjust(world, id, 11n, 'too-large')).toBe('BAD_USER_INPUT');
    expect(await adjust(world, id, 10n, 'fits')).toBe(1n);
    world.clock.set(at(2));
    expect(await spend(world, id, most, 'all')).toBe(3n);
  });

  it('leaves a rightful ledger behind', async () => {
    expect(await ledgerFaults(world.owner)).toEqual([]);
  });
});
