import fc from 'fast-check';
import type Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Figures, ReversalModel } from '../features/reversal/reversal-model.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { ledgerFaults } from '../support/ledger-checker.ts';
import { booksOf, control, deliver, each, newKey, WEBHOOK_SECRET } from './given-purchases.ts';
import { balanceOf, type Reversal, reverse, spend, statusOf, topUp } from './given-reversals.ts';

type Step =
  | { readonly do: 'reverse'; readonly action: Reversal; readonly amount: number }
  | { readonly do: 'deliver'; readonly which: number; readonly copies: number }
  | { readonly do: 'spend'; readonly credits: number };

const action = fc.constantFrom<Reversal>(
  'refund',
  'refund',
  'failRefund',
  'dispute',
  'winDispute',
  'loseDispute',
);
const step = fc.oneof(
  fc.record({
    do: fc.constant('reverse' as const),
    action,
    amount: fc.integer({ min: 1, max: 900 }),
  }),
  fc.record({
    do: fc.constant('deliver' as const),
    which: fc.nat(40),
    copies: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ do: fc.constant('spend' as const), credits: fc.integer({ min: 1, max: 30 }) }),
);
const PAID = 1_500n;
const BOUGHT = 50_000_000n;

describe('a payment, its refunds and disputes, and spending, told of late, twice and in any order', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ environment: { STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRET } });
    await control(gateway, 'webhooks', { mode: 'drop' });
  });
  afterAll(() => gateway.close());

  it('end as the plain rules say', async () => {
    const histories = fc.sample(fc.array(step, { minLength: 6, maxLength: 14 }), 16);
    await each(histories, liveThrough, 6);
    expect(await ledgerFaults(gateway.app.services.database)).toEqual([]);
  }, 60_000);

  async function liveThrough(history: readonly Step[]): Promise<void> {
    const life = await Life.begin(gateway);
    for (const next of history) await life.take(next);
    await life.end();
    expect({ history, ...(await life.seen()) }).toEqual({ history, ...life.expected() });
  }
});

/** One account with one top-up, and the model of both. */
class Life {
  readonly #gateway: TestGateway;
  readonly #account: TestAccount;
  readonly #orderId: string;
  readonly #paymentId: string;
  readonly #model = new ReversalModel();
  /** What the gateway was told of last, whether or not the credits were there yet. */
  #told: Figures = { paid: PAID, refunded: 0n, contested: 0n, lost: 0n };

  private constructor(
    gateway: TestGateway,
    account: TestAccount,
    orderId: string,
    paymentId: string,
  ) {
    this.#gateway = gateway;
    this.#account = account;
    this.#orderId = orderId;
    this.#paymentId = paymentId;
  }

  static async begin(gateway: TestGateway): Promise<Life> {
    const account = await gateway.createAccount({ credits: '0', externalId: newKey() });
    const { orderId, checkoutId } = await topUp(gateway, account);
    const sessions = (await booksOf(gateway))['checkout.session'];
    const session = sessions.find(({ id }) => id === checkoutId);
    return new Life(gateway, account, orderId, String(session?.payment_intent));
  }

  async take(next: Step): Promise<void> {
    switch (next.do) {
      case 'reverse':
        // What cannot be done to the payment at this moment is left out.
        await reverse(this.#gateway, this.#paymentId, next.action, next.amount).catch(() => null);
        break;
      case 'deliver': {
        const events = await this.#events();
        await this.#tell(events[next.which % events.length], next.copies);
        break;
      }
      case 'spend': {
        const said = await spend(this.#account, String(next.credits));
        const isDone = this.#model.spend(BigInt(next.credits) * 1_000_000n);
        expect(said).toBe(isDone ? 'SpendCreditsPayload' : 'InsufficientCredits');
      }
    }
  }

  /** In the end everything has been told of. */
  async end(): Promise<void> {
    const events = await this.#events();
    for (const event of fc.sample(
      fc.shuffledSubarray(events, { minLength: events.length }),
      1,
    )[0] ?? [])
      await this.#tell(event, 1);
  }

  expected() {
    const { total, held, owed } = this.#model.balance();
    const { refunded, contested, lost } = this.#told;
    const isBack = refunded > 0n ? 'PARTIALLY_REFUNDED' : 'PAID';
    const isContested = contested > 0n || lost > 0n ? 'DISPUTED' : isBack;
    const status = refunded === PAID ? 'REFUNDED' : isContested;
    return { total, held, owed, status };
  }

  async seen() {
    const { ledger } = this.#gateway.app.services;
    const balance = await ledger.balance(this.#account.id);
    expect(await balanceOf(this.#account)).toBeDefined();
    return {
      total: balance.totalMicro,
      held: balance.heldMicro,
      owed: balance.owedMicro,
      status: await statusOf(this.#account, this.#orderId),
    };
  }

  async #tell(event: Stripe.Event | undefined, copies: number): Promise<void> {
    if (event === undefined) return;
    const isPaid = event.type === 'checkout.session.completed';
    if (!isPaid) this.#told = await this.#atProvider();
    // A replay of an event that was seen is no news: only what is said anew counts.
    const twins = Array.from({ length: copies }, () => ({ ...event, id: `evt_${newKey()}` }));
    await each([...twins, ...twins], (twin) => deliver(this.#gateway.url, twin), 6);
    await this.#gateway.app.jobs.whenIdle(20_000);
    if (isPaid && this.#model.purchases.length === 0) this.#model.buy('top-up', BOUGHT);
    this.#model.reverse('top-up', this.#told);
  }

  async #events(): Promise<Stripe.Event[]> {
    const { event } = await booksOf(this.#gateway);
    return event.filter(
      ({ type, data }) =>
        /^(checkout\.session\.completed|charge\.(refunded|dispute\..*)|refund\..*)$/.test(type) &&
        (data.object as { payment_intent?: string }).payment_intent === this.#paymentId,
    );
  }

  async #atProvider(): Promise<Figures> {
    const books = await booksOf(this.#gateway);
    const own = ({ payment_intent }: { payment_intent: unknown }) =>
      payment_intent === this.#paymentId;
    const disputes = books.dispute.filter(own);
    const sum = (objects: readonly { amount: number }[]) =>
      objects.reduce((total, { amount }) => total + BigInt(amount), 0n);
    return {
      paid: PAID,
      refunded: sum(books.refund.filter(own).filter(({ status }) => status === 'succeeded')),
      contested: sum(disputes.filter(({ status }) => status === 'needs_response')),
      lost: sum(disputes.filter(({ status }) => status === 'lost')),
    };
  }
}
