import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreditGrantSource } from '../../../src/features/ledger/ledger.model.ts';
import { burnPriority } from '../../../src/features/ledger/ledger.policy.ts';
import { DomainError } from '../../../src/platform/errors.ts';
import { newId } from '../../../src/platform/ids.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { ledgerFaults } from '../../support/ledger-checker.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { newKey } from './given-holds.ts';
import { HoldModel } from './hold-model.ts';

type Step =
  | { do: 'grant'; source: CreditGrantSource; amount: bigint; lives: number | null }
  | { do: 'hold'; amount: bigint; seconds: number }
  | { do: 'spend'; amount: bigint }
  | { do: 'capture'; which: number; amount: bigint | null }
  | { do: 'release'; which: number }
  | { do: 'wait'; seconds: number }
  | { do: 'sweep' };

// Small grants and large holds, so that a hold spans several; short lives and long holds, so that it outlives some.
const amount = fc.bigInt({ min: 1n, max: 25n });
const seconds = fc.integer({ min: 1, max: 20 });
const which = fc.nat({ max: 5 });
const grant = fc.record({
  do: fc.constant('grant' as const),
  source: fc.constantFrom<CreditGrantSource>('PLAN', 'PURCHASE', 'PROMOTION'),
  amount: fc.bigInt({ min: 1n, max: 12n }),
  lives: fc.option(fc.integer({ min: 1, max: 8 })),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: grant },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('hold' as const), amount, seconds }) },
  fc.record({ do: fc.constant('spend' as const), amount }),
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('capture' as const), which, amount: fc.option(amount) }),
  },
  fc.record({ do: fc.constant('release' as const), which }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds }) },
  fc.record({ do: fc.constant('sweep' as const) }),
);

describe('holds', () => {
  const clock = new ManualClock('2026-03-01T12:00:00Z');
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ clock });
  });
  afterAll(() => gateway.close());

  it('equal the reference model through any row of grants, holds, captures, releases, spends and waits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(grant, { minLength: 2, maxLength: 5 }),
        fc.array(step, { minLength: 5, maxLength: 40 }),
        async (grants, steps) => {
          const run = await Run.start(gateway, clock);
          for (const next of [...grants, ...steps]) await run.take(next);
          await run.end();
        },
      ),
      { numRuns: 80, interruptAfterTimeLimit: 60_000 },
    );
  }, 120_000);
});

/** One account and its model, going the same way. */
class Run {
  readonly #gateway: TestGateway;
  readonly #clock: ManualClock;
  readonly #accountId: string;
  readonly #model = new HoldModel();
  readonly #holdIds: string[] = [];

  private constructor(gateway: TestGateway, clock: ManualClock, accountId: string) {
    this.#gateway = gateway;
    this.#clock = clock;
    this.#accountId = accountId;
  }

  static async start(gateway: TestGateway, clock: ManualClock): Promise<Run> {
    const account = await gateway.createAccount({ credits: '0' });
    return new Run(gateway, clock, account.id);
  }

  async take(step: Step): Promise<void> {
    const expected = this.#inModel(step);
    expect(await this.#inDatabase(step)).toBe(expected);
    const { ledger, history } = this.#gateway.app.services;
    const balance = await ledger.balance(this.#accountId);
    expect({
      total: balance.totalMicro,
      held: balance.heldMicro,
      available: balance.totalMicro - balance.heldMicro,
      plan: balance.planMicro,
      purchased: balance.purchasedMicro,
    }).toEqual(this.#model.balance());
    const grants = await history.grants(this.#accountId, true, { first: 100 });
    const spendable = grants.items.map(({ id, remainingMicro }) => [id, remainingMicro]);
    expect(Object.fromEntries(spendable)).toEqual(this.#model.spendable());
  }

  async end(): Promise<void> {
    await this.take({ do: 'wait', seconds: 60 });
    await this.#gateway.app.services.holds.expireDue();
    expect(await ledgerFaults(this.#gateway.app.services.database)).toEqual([]);
  }

  #inModel(step: Step): string {
    const now = this.#clock.now().getTime();
    switch (step.do) {
      case 'hold':
        return this.#model.hold(step.amount, now + step.seconds * 1_000);
      case 'spend':
        return this.#model.spend(step.amount);
      case 'capture':
        return this.#model.capture(step.which, step.amount);
      case 'release':
        return this.#model.release(step.which);
      case 'wait':
        this.#model.advance(now + step.seconds * 1_000);
        return 'done';
      default:
        return 'done';
    }
  }

  async #inDatabase(step: Step): Promise<string> {
    try {
      await this.#act(step);
      return 'done';
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const { code } = error;
      if (code === 'INSUFFICIENT_CREDITS') return 'insufficient';
      if (code === 'NOT_ALLOWED_NOW' || code === 'NOT_FOUND') return 'not allowed';
      throw error;
    }
  }

  async #act(step: Step): Promise<void> {
    const { holds, ledger } = this.#gateway.app.services;
    const common = { accountId: this.#accountId, idempotencyKey: newKey() };
    const about = { usageType: null, description: null };
    switch (step.do) {
      case 'grant':
        return this.#grant(step);
      case 'hold': {
        const wish = { ...common, amountMicro: step.amount, expiresInSeconds: step.seconds };
        this.#holdIds.push((await holds.holdCredits(wish)).hold.id);
        return;
      }
      case 'spend':
        await ledger.spendCredits({
          ...common,
          ...about,
          amountMicro: step.amount,
          metadata: null,
        });
        return;
      case 'capture': {
        const holdId = this.#holdIds[step.which] ?? newId();
        await holds.captureHold({ ...common, ...about, holdId, amountMicro: step.amount });
        return;
      }
      case 'release': {
        const holdId = this.#holdIds[step.which] ?? newId();
        await holds.releaseHold(this.#accountId, holdId);
        return;
      }
      case 'wait':
        this.#clock.advance(step.seconds * 1_000);
        return;
      default:
        await holds.expireDue();
    }
  }

  async #grant({ source, amount, lives }: Extract<Step, { do: 'grant' }>): Promise<void> {
    const { database, ledger } = this.#gateway.app.services;
    const effectiveAt = this.#clock.now();
    const expiresAt = lives === null ? null : new Date(effectiveAt.getTime() + lives * 1_000);
    const { grantId } = await database.transaction((tx) =>
      ledger.grantCredits(tx, {
        accountId: this.#accountId,
        source,
        amountMicro: amount,
        effectiveAt,
        expiresAt,
        cause: { kind: 'order', id: newId() },
        description: 'A test.',
      }),
    );
    this.#model.grant({
      id: grantId ?? '',
      source,
      priority: burnPriority(source),
      effectiveAt: effectiveAt.getTime(),
      expiresAt: expiresAt?.getTime() ?? null,
      remaining: amount,
    });
  }
}
