import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreditGrantSource } from '../../../src/features/ledger/ledger.model.ts';
import { promotional } from '../../../src/features/ledger/ledger.policy.ts';
import { ledgerFaults } from '../../support/ledger-checker.ts';
import { adjust, grant, type LedgerWorld, ledgerWorld, spend } from './ledger-world.ts';
import { ReferenceLedger, type ReferenceOutcome } from './reference-ledger.ts';

const HOUR = 3_600_000;

type Step =
  | {
      kind: 'grant';
      cause: number;
      source: CreditGrantSource;
      amount: bigint;
      startsIn: number;
      lasts: number | null;
    }
  | { kind: 'give'; key: number; amount: bigint; lasts: number | null }
  | { kind: 'take' | 'spend'; key: number; amount: bigint }
  | { kind: 'wait'; hours: number }
  | { kind: 'again'; nth: number };

/** A step at its place in time, so that it can be taken again exactly. */
type Act =
  | {
      kind: 'grant';
      name: string;
      source: CreditGrantSource;
      amount: bigint;
      effectiveAt: number;
      expiresAt: number | null;
    }
  | { kind: 'give'; key: string; amount: bigint; expiresAt: number | null }
  | { kind: 'take'; key: string; amount: bigint }
  | { kind: 'spend'; key: string; amount: bigint };

const amount = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: 1n, max: 40n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: 10n ** 15n }) },
);
// Few keys, causes and instants, so that sequences meet one they have met before.
const key = fc.nat({ max: 9 });
const lasts = fc.option(fc.integer({ min: 1, max: 12 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('grant' as const),
      cause: fc.nat({ max: 30 }),
      source: fc.constantFrom<CreditGrantSource>(
        'PLAN',
        'PURCHASE',
        'PROMOTION',
        'COUPON',
        'CHECK_IN',
      ),
      amount,
      startsIn: fc.integer({ min: -6, max: 6 }),
      lasts,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom('spend' as const, 'take' as const), key, amount }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('give' as const), key, amount, lasts }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      hours: fc.integer({ min: 1, max: 5 }),
    }),
  },
);

describe('the ledger', () => {
  let world: LedgerWorld;
  beforeAll(async () => {
    world = await ledgerWorld();
  });
  afterAll(() => world.close());

  it('does what its rules say, whatever is asked of it in whatever order', async () => {
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
        const both = new Both(world, await world.account());
        await both.walk(steps);
        for (const outcome of both.outcomes)
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }),
      { numRuns: 160 },
    );
    expect(await ledgerFaults(world.owner)).toEqual([]);
    // Only what happened was proven.
    for (const [outcome, times] of [
      ['applied', 100],
      ['replayed', 10],
      ['conflict', 10],
      ['insufficient', 10],
      ['EXPIRY', 10],
      ['GRANT', 100],
    ] as const)
      expect(outcomes.get(outcome), outcome).toBeGreaterThan(times);
  }, 180_000);
});

/** The ledger and the model, side by side. */
class Both {
  readonly #world: LedgerWorld;
  readonly #accountId: string;
  readonly #model = new ReferenceLedger();
  readonly #acts: Act[] = [];
  readonly outcomes: string[] = [];

  constructor(world: LedgerWorld, accountId: string) {
    this.#world = world;
    this.#accountId = accountId;
  }

  async walk(steps: readonly Step[]): Promise<void> {
    for (const next of steps) {
      await this.#take(next);
      await this.#compareReads();
      await this.#compareRows();
    }
    await this.#compareLists();
    // What was read before is what the next debit makes of it.
    await this.#take({ kind: 'spend', key: 1_000, amount: 1n });
    await this.#compareReads();
    await this.#compareRows();
    this.outcomes.push(...this.#model.entries.map((entry) => entry.type));
  }

  async #take(next: Step): Promise<void> {
    if (next.kind === 'wait') {
      this.#world.clock.advance(next.hours * HOUR);
      return;
    }
    const act = next.kind === 'again' ? this.#acts[next.nth] : this.#toAct(next);
    if (act === undefined) return;
    this.#acts.push(act);
    await (act.kind === 'grant' ? this.#grant(act) : this.#move(act));
  }

  #toAct(next: Exclude<Step, { kind: 'wait' | 'again' }>): Act {
    const from = (start: number, hours: number | null) =>
      hours === null ? null : start + hours * HOUR;
    switch (next.kind) {
      case 'grant': {
        const { kind, source, amount, lasts } = next;
        const effectiveAt = this.#now() + next.startsIn * HOUR;
        const expiresAt = from(effectiveAt, lasts);
        return { kind, source, amount, effectiveAt, expiresAt, name: this.#name(next.cause) };
      }
      case 'give': {
        const { kind, key, amount, lasts } = next;
        return { kind, amount, key: `key-${key}`, expiresAt: from(this.#now(), lasts) };
      }
      default:
        return { ...next, key: `key-${next.key}` };
    }
  }

  async #grant(act: Extract<Act, { kind: 'grant' }>): Promise<void> {
    const { name, source, amount, effectiveAt, expiresAt } = act;
    const { outcome, sequence } = await grant(this.#world, this.#accountId, {
      amountMicro: amount,
      source,
      effectiveAt: new Date(effectiveAt),
      expiresAt: expiresAt === null ? null : new Date(expiresAt),
      causeId: name,
    });
    const expected = this.#model.grant(act, this.#now());
    this.outcomes.push(expected.kind);
    const got = { kind: outcome, sequence: sequence === null ? null : Number(sequence) };
    expect(got).toEqual(expected);
  }

  async #move(act: Exclude<Act, { kind: 'grant' }>): Promise<void> {
    const { key, amount } = act;
    const id = this.#accountId;
    if (act.kind === 'spend') {
      const got = await spend(this.#world, id, amount, key);
      this.#expect(got, this.#model.spend(key, amount, this.#now()));
    } else if (act.kind === 'take') {
      const got = await adjust(this.#world, id, -amount, key);
      this.#expect(got, this.#model.take(key, amount, this.#now()));
    } else {
      const until = act.expiresAt === null ? null : new Date(act.expiresAt);
      const got = await adjust(this.#world, id, amount, key, until);
      const name = this.#name(key);
      this.#expect(got, this.#model.give(key, name, amount, act.expiresAt, this.#now()));
    }
  }

  #name(cause: number | string): string {
    return `${this.#accountId}/${cause}`;
  }

  #expect(got: bigint | string, expected: ReferenceOutcome): void {
    this.outcomes.push(expected.kind);
    if (expected.kind === 'conflict') expect(got).toBe('IDEMPOTENCY_CONFLICT');
    else if (expected.kind === 'expired') expect(got).toBe('BAD_USER_INPUT');
    else if (expected.kind === 'insufficient') expect(got).toBe('INSUFFICIENT_CREDITS');
    else expect(got).toBe(BigInt(expected.sequence ?? 0));
  }

  async #compareReads(): Promise<void> {
    const balance = await this.#world.ledger.balance(this.#accountId);
    expect({
      total: balance.totalMicro,
      plan: balance.planMicro,
      purchased: balance.purchasedMicro,
      promotional: promotional(balance),
    }).toEqual(this.#model.balance(this.#now()));
    expect(Number(balance.sequence)).toBe(this.#model.entries.length);
  }

  async #compareRows(): Promise<void> {
    const { rows } = await this.#world.database.pool.query(
      `select t.sequence, t.type, t.amount_micro, t.balance_after_micro, t.created_at,
         json_object_agg(g.cause_id, a.amount_micro::text) as allocations
       from credit_transaction t
       left join credit_allocation a using (account_id, sequence) left join credit_grant g on g.id = a.grant_id
       where t.account_id = $1 group by t.account_id, t.sequence order by t.sequence`,
      [this.#accountId],
    );
    const written = rows.map((row) => ({
      sequence: Number(row.sequence),
      type: row.type,
      amount: row.amount_micro,
      balanceAfter: row.balance_after_micro,
      createdAt: row.created_at.getTime(),
      allocations: Object.fromEntries(
        Object.entries(row.allocations as Record<string, string>).map(([name, text]) => [
          name,
          BigInt(text),
        ]),
      ),
    }));
    expect(written).toEqual(this.#model.entries);
  }

  async #compareLists(): Promise<void> {
    const { history } = this.#world;
    const all = await history.grants(this.#accountId, false, { first: 100 });
    expect(
      Object.fromEntries(all.items.map((item) => [item.causeId, item.remainingMicro])),
    ).toEqual(this.#model.remaining(this.#now()));
    const spendable = await history.grants(this.#accountId, true, { first: 100 });
    expect(spendable.items.map((item) => item.causeId).sort()).toEqual(
      this.#model.spendable(this.#now()),
    );
    expect(Number(await history.grantCount(this.#accountId, true))).toBe(spendable.items.length);
  }

  #now(): number {
    return this.#world.clock.now().getTime();
  }
}
