import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledgerFaults } from '../../support/ledger-checker.ts';
import { type LedgerWorld, ledgerWorld, spend } from './ledger-world.ts';

const GRANTS = 10_000;

/** Far above what it takes, and far below what it would take if every grant were looked at for every spend. */
const SPEND_WITHIN_MS = 40;
const SETTLE_WITHIN_MS = 5_000;

describe('an account with ten thousand grants', () => {
  let world: LedgerWorld;
  let accountId: string;
  beforeAll(async () => {
    world = await ledgerWorld();
    // The plans are made, and kept, while the tables are small.
    const early = await world.account(10n);
    for (let index = 0; index < 10; index += 1) await spend(world, early, 1n, `early-${index}`);
    accountId = await world.account();
    await world.owner.pool.query(
      `insert into credit_grant (id, account_id, source, status, amount_micro, priority, effective_at, expires_at,
         cause_kind, cause_id, created_at)
       select gen_random_uuid(), $2::uuid, 'PROMOTION', 'PENDING', 10, 10, now, now + (n % 2 + 1) * interval '1 day',
         'many', n::text, now
       from generate_series(1, ${GRANTS}) as n, (select $1::timestamptz) as clock (now)`,
      [world.clock.now(), accountId],
    );
    await world.owner.pool.query(
      'update credit_balance set next_due_at = $1 where account_id = $2',
      [world.clock.now(), accountId],
    );
  });
  afterAll(() => world.close());

  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const from = performance.now();
    await work();
    return performance.now() - from;
  };

  it('begins in one step when thousands become effective', async () => {
    expect(await timed(() => spend(world, accountId, 1n, 'first'))).toBeLessThan(SETTLE_WITHIN_MS);
    expect((await world.ledger.balance(accountId)).sequence).toBe(BigInt(GRANTS + 1));
  });

  it('spends as quickly as any other', async () => {
    const times: number[] = [];
    for (let index = 0; index < 60; index += 1)
      times.push(await timed(() => spend(world, accountId, 7n, `k${index}`)));
    const median = times.sort((a, b) => a - b)[30];
    expect(median).toBeLessThan(SPEND_WITHIN_MS);
  });

  it('spends from all of them in one step', async () => {
    const { totalMicro } = await world.ledger.balance(accountId);
    const took = await timed(() => spend(world, accountId, totalMicro - 60_000n, 'much'));
    expect(took).toBeLessThan(SETTLE_WITHIN_MS);
  });

  it('is brought up to date in one step when thousands expire', async () => {
    world.clock.advance(3 * 86_400_000);
    expect((await world.ledger.balance(accountId)).totalMicro).toBe(0n);
    const took = await timed(() => spend(world, accountId, 1n, 'after'));
    expect(took).toBeLessThan(SETTLE_WITHIN_MS);
    expect((await world.ledger.balance(accountId)).totalMicro).toBe(0n);
    expect(await ledgerFaults(world.owner)).toEqual([]);
  });

  it('spends as quickly when they are all over', async () => {
    await world.owner.pool.query(
      `select ledger_grant($1::timestamptz, gen_random_uuid(), $2, 'PURCHASE', 1000, 20, $1, null, 'late', '1', 'GRANT', null)`,
      [world.clock.now(), accountId],
    );
    const times: number[] = [];
    for (let index = 0; index < 60; index += 1)
      times.push(await timed(() => spend(world, accountId, 1n, `late-${index}`)));
    const median = times.sort((a, b) => a - b)[30];
    expect(median).toBeLessThan(SPEND_WITHIN_MS);
  });
});
