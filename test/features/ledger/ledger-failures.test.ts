import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledgerFaults } from '../../support/ledger-checker.ts';
import { adjust, type LedgerWorld, ledgerWorld, spend } from './ledger-world.ts';

describe('when the database fails', () => {
  let world: LedgerWorld;
  beforeAll(async () => {
    world = await ledgerWorld();
    await world.owner.pool.query(`
      -- Unlike a row, a sequence remembers what happened to a transaction that never was.
      create sequence cuts;
      grant usage on cuts to tollgate_app;
      create function cut_once() returns trigger language plpgsql as $$
      begin
        if new.description = 'die here' and nextval('cuts') = 1 then
          perform pg_terminate_backend(pg_backend_pid());
        end if;
        return null;
      end $$;
      create trigger cut_once after insert on credit_transaction for each row execute function cut_once();
      create function refuse_some() returns trigger language plpgsql as $$
      begin
        if new.description = 'refuse this' then raise exception 'the database does not want this one'; end if;
        return new;
      end $$;
      create trigger refuse_some before insert on credit_transaction for each row execute function refuse_some();
    `);
  });
  afterAll(() => world.close());

  const describedSpend = (accountId: string, description: string, key: string) =>
    world.ledger.spendCredits({
      accountId,
      amountMicro: 1n,
      idempotencyKey: key,
      usageType: null,
      description,
      metadata: null,
    });

  it('lets one bad request of a batch fail, and applies its neighbours once', async () => {
    const accountIds = await world.openAccounts(3, 100n);
    const sent = Array.from({ length: 60 }, (_, index) => {
      const accountId = accountIds[index % 3] as string;
      const description = index === 31 ? 'refuse this' : 'fine';
      return describedSpend(accountId, description, `neighbour-${index}`);
    });
    const results = await Promise.allSettled(sent);
    const refused = results.flatMap((each, index) => (each.status === 'rejected' ? [index] : []));
    expect(refused).toEqual([31]);
    const left = await world.ledger.balances(accountIds);
    expect(left.map((each) => each.totalMicro).sort()).toEqual([80n, 80n, 81n]);
    expect(await ledgerFaults(world.owner)).toEqual([]);
  });

  it('applies a batch once when its connection dies before the commit', async () => {
    const id = await world.account(1_000n);
    const sent = Array.from({ length: 40 }, (_, index) =>
      describedSpend(id, index === 20 ? 'die here' : 'fine', `during-${index}`),
    );
    expect((await Promise.all(sent)).length).toBe(40);
    expect((await world.ledger.balance(id)).totalMicro).toBe(960n);
    expect(await ledgerFaults(world.owner)).toEqual([]);
  });

  it('applies a batch once when its answer is lost after the commit, and answers it as done', async () => {
    const id = await world.account(1_000n);
    const node = await world.node(3);
    const { pool } = node.database;
    const query = pool.query.bind(pool) as (statement: object) => Promise<unknown>;
    let lost = 0;
    // The statement is committed, and then the line is dead: the answer never arrives.
    pool.query = (async (statement: { name?: string; values?: unknown[] }) => {
      const answer = await query(statement);
      const isBatch =
        statement.name === 'ledger_debit' && String(statement.values?.[2]).length > 1_000;
      if (!isBatch || lost > 0) return answer;
      lost += 1;
      throw new Error('Connection terminated unexpectedly');
    }) as typeof pool.query;
    const receipts = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        node.ledger.spendCredits({
          accountId: id,
          amountMicro: 1n,
          idempotencyKey: `lost-${index}`,
          usageType: null,
          description: null,
          metadata: null,
        }),
      ),
    );
    expect(lost).toBe(1);
    const sequences = receipts.map(({ transaction }) => Number(transaction.sequence));
    expect(sequences).toEqual(Array.from({ length: 40 }, (_, index) => index + 2));
    expect((await world.ledger.balance(id)).totalMicro).toBe(960n);
    expect(await ledgerFaults(world.owner)).toEqual([]);
  });

  it('fails soon, and together, when the database stays away; and the keys can be tried again', async () => {
    const id = await world.account(1_000n);
    const node = await world.node(2);
    const { pool } = node.database;
    const query = pool.query.bind(pool) as (statement: object) => Promise<unknown>;
    let isAway = true;
    let tries = 0;
    pool.query = (async (statement: { name?: string }) => {
      const debits = ['ledger_debit', 'credit_spend_alone'];
      if (!isAway || !debits.includes(statement.name ?? '')) return query(statement);
      tries += 1;
      throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    }) as typeof pool.query;
    const all = () =>
      Promise.allSettled(
        Array.from({ length: 100 }, (_, index) => spend(node, id, 1n, `away-${index}`)),
      );
    const failed = await all();
    expect(failed.every((each) => each.status === 'rejected')).toBe(true);
    expect(tries).toBe(2);
    isAway = false;
    const done = await all();
    expect(done.every((each) => each.status === 'fulfilled')).toBe(true);
    expect((await world.ledger.balance(id)).totalMicro).toBe(900n);
  });

  it('applies every spend and gift once while connections are cut again and again', async () => {
    const ids = await world.openAccounts(4, 10_000n);
    const node = await world.node(4);
    let isOver = false;
    let cuts = 0;
    const cutter = (async () => {
      while (!isOver) {
        const { rowCount } = await world.database.pool.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and usename = current_user and pid <> pg_backend_pid()
             and state <> 'idle' and query like '%ledger_%' limit 1`,
        );
        cuts += rowCount ?? 0;
      }
    })();
    const retried = async (work: () => Promise<bigint | string>): Promise<bigint | string> => {
      for (;;) {
        const got = await work().catch(() => null);
        if (got !== null) return got;
      }
    };
    for (let round = 0; round < 6; round += 1) {
      await Promise.all(
        Array.from({ length: 30 }, (_, index) => {
          const id = ids[index % 4] as string;
          const key = `cut-${round}-${index}`;
          return retried(() =>
            index % 5 === 0 ? adjust(node, id, 3n, key) : spend(node, id, 1n, key),
          );
        }),
      );
    }
    isOver = true;
    await cutter;
    expect(cuts).toBeGreaterThan(3);
    const left = await world.ledger.balances(ids);
    // Of thirty, six gave three and twenty-four took one, six times.
    expect(left.reduce((sum, each) => sum + each.totalMicro, 0n)).toBe(40_000n + 108n - 144n);
    expect(await ledgerFaults(world.owner)).toEqual([]);
  }, 120_000);
});
