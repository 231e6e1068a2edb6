import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CreditHoldService } from '../../../src/features/ledger/credit-hold.service.ts';
import { CreditHoldStore } from '../../../src/features/ledger/credit-hold.store.ts';
import { CreditReversalService } from '../../../src/features/ledger/credit-reversal.service.ts';
import { CreditReversalStore } from '../../../src/features/ledger/credit-reversal.store.ts';
import { LedgerHistoryStore } from '../../../src/features/ledger/ledger-history.store.ts';
import { DomainError } from '../../../src/platform/errors.ts';
import { ledgerFaults } from '../../support/ledger-checker.ts';
import { grant, type LedgerWorld, ledgerWorld, spend } from '../ledger/ledger-world.ts';
import { type Figures, ReversalModel } from './reversal-model.ts';

type Step =
  | { readonly do: 'buy'; readonly which: number; readonly amount: bigint }
  | { readonly do: 'spend' | 'hold'; readonly amount: bigint }
  | { readonly do: 'release' | 'capture'; readonly which: number }
  | { readonly do: 'reverse'; readonly which: number; readonly figures: Figures };

const NAMES = ['a', 'b', 'c'];
const amount = fc.bigInt({ min: 1n, max: 1_500n });
const which = fc.nat({ max: NAMES.length - 1 });
const part = fc.constantFrom(0n, 0n, 1n, 333n, 500n, 667n, 1_000n);
const figures = fc.record({
  paid: fc.constant(1_000n),
  refunded: part,
  contested: part,
  lost: part,
});
const step = fc.oneof(
  fc.record({ do: fc.constant('buy' as const), which, amount }),
  fc.record({ do: fc.constant('spend' as const), amount }),
  fc.record({ do: fc.constant('hold' as const), amount }),
  fc.record({ do: fc.constantFrom('release' as const, 'capture' as const), which: fc.nat(2) }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('reverse' as const), which, figures }) },
);

describe('purchases whose money goes back', () => {
  let world: LedgerWorld;
  beforeAll(async () => {
    world = await ledgerWorld();
  });
  afterAll(() => world.close());

  it('leave what the plain rules leave, whatever else happens meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
        const run = new Run(world, await world.account());
        for (const next of steps) await run.take(next);
      }),
      { numRuns: 80, interruptAfterTimeLimit: 40_000 },
    );
    expect(await ledgerFaults(world.database)).toEqual([]);
  }, 60_000);

  it('come to the same end by every way that ends with the same figures and met no spend', async () => {
    const ways = fc.array(figures, { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(ways, figures, async (way, end) => {
        const [winding, straight] = [
          new Run(world, await world.account()),
          new Run(world, await world.account()),
        ];
        for (const run of [winding, straight]) {
          await run.take({ do: 'buy', which: 0, amount: 1_000n });
          await run.take({ do: 'spend', amount: 400n });
        }
        for (const next of [...way, end])
          await winding.take({ do: 'reverse', which: 0, figures: next });
        await straight.take({ do: 'reverse', which: 0, figures: end });
        expect(await winding.seen()).toEqual(await straight.seen());
      }),
      { numRuns: 25, interruptAfterTimeLimit: 20_000 },
    );
  }, 40_000);

  it('are taken once when the same figures come 32 times at once', async () => {
    const run = new Run(world, await world.account());
    await run.take({ do: 'buy', which: 0, amount: 1_000n });
    await run.take({ do: 'spend', amount: 300n });
    const end = { paid: 1_000n, refunded: 500n, contested: 250n, lost: 0n };
    await Promise.all(Array.from({ length: 32 }, () => run.reverse('a', end)));
    run.model.reverse('a', end);
    expect(await run.seen()).toEqual(run.expected());
    const { rows } = await world.database.pool.query(
      `select type, amount_micro::text from credit_transaction where account_id = $1 order by sequence`,
      [run.accountId],
    );
    expect(rows.map(({ type, amount_micro }) => `${type} ${amount_micro}`)).toEqual([
      'GRANT 1000',
      'SPEND -300',
      'REFUND -500',
    ]);
  });
});

/** One account and its model, going the same way. */
class Run {
  readonly accountId: string;
  readonly model = new ReversalModel();
  readonly #world: LedgerWorld;
  readonly #holds: CreditHoldService;
  readonly #reversals: CreditReversalService;
  readonly #holdIds: string[] = [];

  constructor(world: LedgerWorld, accountId: string) {
    const { database, clock, accounts } = world;
    this.accountId = accountId;
    this.#world = world;
    this.#reversals = new CreditReversalService(new CreditReversalStore(), clock);
    this.#holds = new CreditHoldService({
      clock,
      accounts,
      store: new CreditHoldStore(database),
      history: new LedgerHistoryStore(database),
    });
  }

  async take(next: Step): Promise<void> {
    const { model, accountId } = this;
    switch (next.do) {
      case 'buy':
        await this.#buy(NAMES[next.which] ?? '', next.amount);
        break;
      case 'spend': {
        const said = await spend(this.#world, accountId, next.amount, randomUUID());
        expect(said !== 'INSUFFICIENT_CREDITS').toBe(model.spend(next.amount));
        break;
      }
      case 'hold':
        expect(await this.#hold(next.amount)).toBe(model.hold(next.amount));
        break;
      case 'release':
      case 'capture':
        await this.#end(next.do, next.which);
        model[next.do](next.which);
        break;
      case 'reverse':
        await this.reverse(NAMES[next.which] ?? '', next.figures);
        model.reverse(NAMES[next.which] ?? '', next.figures);
    }
    expect(await this.seen()).toEqual(this.expected());
  }

  async reverse(name: string, { paid, refunded, contested, lost }: Figures): Promise<void> {
    await this.#world.database.transaction((tx) =>
      this.#reversals.reverse(tx, {
        accountId: this.accountId,
        cause: { kind: 'order', id: this.#cause(name) },
        paidMinor: paid,
        refundedMinor: refunded,
        contestedMinor: contested,
        lostMinor: lost,
        metadata: {},
      }),
    );
  }

  expected() {
    return { ...this.model.balance(), remaining: this.model.remaining() };
  }

  async seen() {
    const balance = await this.#world.ledger.balance(this.accountId);
    const { items } = await this.#world.history.grants(this.accountId, false, { first: 100 });
    return {
      total: balance.totalMicro,
      held: balance.heldMicro,
      owed: balance.owedMicro,
      remaining: Object.fromEntries(
        items.map(({ causeId, remainingMicro }) => [causeId.split(' ')[1], remainingMicro]),
      ),
    };
  }

  async #buy(name: string, amountMicro: bigint): Promise<void> {
    if (this.model.purchases.some((purchase) => purchase.name === name)) return;
    this.#world.clock.advance(1_000);
    const effectiveAt = this.#world.clock.now();
    const causeId = this.#cause(name);
    await grant(this.#world, this.accountId, { amountMicro, effectiveAt, causeId });
    this.model.buy(name, amountMicro);
  }

  #cause(name: string): string {
    return `${this.accountId} ${name}`;
  }

  async #hold(amountMicro: bigint): Promise<boolean> {
    const wish = { amountMicro, expiresInSeconds: 600_000, idempotencyKey: randomUUID() };
    try {
      const { hold } = await this.#holds.holdCredits({ accountId: this.accountId, ...wish });
      this.#holdIds.push(hold.id);
      return true;
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'INSUFFICIENT_CREDITS') throw error;
      return false;
    }
  }

  async #end(how: 'release' | 'capture', index: number): Promise<void> {
    const holdId = this.#holdIds[index];
    if (holdId === undefined) return;
    const { accountId } = this;
    const capture = { amountMicro: null, usageType: null, description: null };
    try {
      if (how === 'release') await this.#holds.releaseHold(accountId, holdId);
      else
        await this.#holds.captureHold({
          accountId,
          holdId,
          ...capture,
          idempotencyKey: randomUUID(),
        });
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'NOT_ALLOWED_NOW') throw error;
    }
  }
}
