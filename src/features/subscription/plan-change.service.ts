import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import { isId, newId } from '../../platform/ids.ts';
import type { Channel, Interval } from '../../platform/money.ts';
import { requestHash } from '../../platform/request-hash.ts';
import { ProviderDeclined } from '../../providers/payment-errors.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import { IdempotencyConflict } from '../account/account.errors.ts';
import { checkIdempotencyKey } from '../account/idempotency.policy.ts';
import { PaymentDeclined } from '../payment-method/payment-method.errors.ts';
import type { PlanChange, PlanChangeQuote } from './plan-change.model.ts';
import type { PlanChangeStore } from './plan-change.store.ts';
import type { PlanChangeQuoteService } from './plan-change-quote.service.ts';
import { QuoteExpired } from './subscription.errors.ts';
import type { PlanSubscription } from './subscription.model.ts';
import type { SubscriptionEndingService } from './subscription-ending.service.ts';

interface PlanChangeServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly planChanges: PlanChangeStore;
  readonly quotes: PlanChangeQuoteService;
  readonly endings: SubscriptionEndingService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
}

interface ChangeWish {
  readonly accountId: string;
  readonly planSlug: string;
  readonly interval: Interval;
  readonly quoteId: string | null;
  readonly idempotencyKey: string;
}

interface Changed {
  readonly subscription: PlanSubscription;
  readonly effectiveAt: Date;
}

/** When a job looks after a change whose outcome was not learnt. */
const RESUME_AFTER_MS = 60_000;

/** Changes of a subscription's plan. */
export class PlanChangeService {
  readonly #needs: PlanChangeServiceNeeds;

  constructor(needs: PlanChangeServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Changes the plan: upwards at once, if the difference can be charged, and downwards when the paid period is over. With a
   * quote only as quoted. Throws QuoteExpired, PaymentDeclined, PlanNotAvailable, ChannelUnsupported, NotAllowedNow,
   * IdempotencyConflict, InvalidInput and what the provider's commands throw.
   */
  async changePlan(wish: ChangeWish): Promise<Changed> {
    checkIdempotencyKey(wish.idempotencyKey);
    const { accountId, planSlug, interval, quoteId, idempotencyKey } = wish;
    const hash = requestHash([planSlug, interval, quoteId]);
    const known = await this.#needs.planChanges.byKey(accountId, idempotencyKey);
    if (known !== null) return this.#again(known, hash);
    const live = await this.#needs.endings.live(accountId);
    const quote =
      quoteId === null
        ? await this.#needs.quotes.terms(live, planSlug, interval)
        : await this.#held(live, quoteId, planSlug, interval);
    const change = this.#changeOf(quote, idempotencyKey, hash);
    const isNew = await this.#needs.database.transaction(async (tx) => {
      const inserted = await this.#needs.planChanges.insert(tx, change);
      const runAt = new Date(Date.now() + RESUME_AFTER_MS);
      if (inserted) await tx.enqueue('resume-plan-change', { id: change.id }, { runAt });
      return inserted;
    });
    if (isNew) return this.#carryOut(change, live);
    const rival = await this.#needs.planChanges.byKey(accountId, idempotencyKey);
    invariant(rival !== null, 'the change with the key exists');
    return this.#again(rival, hash);
  }

  /** Goes on with a change whose outcome was not learnt. A payment that is refused meanwhile is left so. */
  async resume(changeId: string): Promise<void> {
    const change = await this.#needs.planChanges.byId(changeId);
    if (change === null || change.progress !== 'OPEN') return;
    const live = await this.#needs.endings.live(change.accountId);
    if (live.id !== change.subscriptionId) return;
    try {
      await this.#carryOut(change, live);
    } catch (error) {
      if (!(error instanceof PaymentDeclined)) throw error;
    }
  }

  async #again(change: PlanChange, hash: Buffer): Promise<Changed> {
    if (!change.requestHash.equals(hash)) throw new IdempotencyConflict(change.idempotencyKey);
    const live = await this.#needs.endings.live(change.accountId);
    if (change.progress === 'DONE') return { subscription: live, effectiveAt: change.effectiveAt };
    return this.#carryOut(change, live);
  }

  /** The quote, if everything is still as it was reckoned from: also what the provider would charge. */
  async #held(
    live: PlanSubscription,
    quoteId: string,
    planSlug: string,
    interval: Interval,
  ): Promise<PlanChangeQuote> {
    const quote = isId(quoteId) ? await this.#needs.planChanges.quote(quoteId) : null;
    if (quote === null || quote.subscriptionId !== live.id) throw new QuoteExpired();
    if (quote.expiresAt <= this.#needs.clock.now()) throw new QuoteExpired();
    const fresh = await this.#needs.quotes.reckon(live, planSlug, interval, quote.reckonedAt);
    const holds =
      fresh.toPriceId === quote.toPriceId &&
      fresh.fromPriceId === quote.fromPriceId &&
      fresh.timing === quote.timing &&
      fresh.periodEnd.getTime() === quote.periodEnd.getTime() &&
      fresh.amountDueNow.amountMinor === quote.amountDueNow.amountMinor;
    if (!holds) throw new QuoteExpired();
    return quote;
  }

  #changeOf(
    quote: Omit<PlanChangeQuote, 'amountDueNow'>,
    idempotencyKey: string,
    hash: Buffer,
  ): PlanChange {
    const now = this.#needs.clock.now();
    const { accountId, subscriptionId, toPriceId, timing, reckonedAt, effectiveAt } = quote;
    return {
      id: newId(),
      accountId,
      subscriptionId,
      toPriceId,
      timing,
      reckonedAt,
      effectiveAt,
      idempotencyKey,
      requestHash: hash,
      progress: 'OPEN',
      attempt: 1,
      createdAt: now,
      updatedAt: now,
    };
  }

  async #carryOut(change: PlanChange, live: PlanSubscription): Promise<Changed> {
    const provider = this.#needs.providers.get(live.channel);
    invariant(provider !== undefined, `${live.channel} is set up`);
    const { providerSubscriptionId: subscriptionId } = live;
    const wanted = { subscriptionId, providerPriceId: change.toPriceId };
    const key = `tollgate-plan-change-${change.id}-${change.attempt}`;
    try {
      if (change.timing === 'PERIOD_END') await provider.changePlanAtPeriodEnd(wanted, key);
      else await provider.changePlanNow({ ...wanted, at: change.reckonedAt }, key);
    } catch (error) {
      if (!(error instanceof ProviderDeclined)) throw error;
      await this.#note(change, { progress: 'REFUSED', attempt: change.attempt + 1 });
      throw new PaymentDeclined(error.message, error.declineCode, { cause: error });
    }
    if (change.progress === 'REFUSED') await this.#note(change, { progress: 'OPEN' });
    const subscription = await this.#needs.endings.refresh(live);
    await this.#note(change, { progress: 'DONE' });
    return { subscription, effectiveAt: change.effectiveAt };
  }

  #note(change: PlanChange, changes: Parameters<PlanChangeStore['update']>[1]): Promise<void> {
    const updatedAt = this.#needs.clock.now();
    return this.#needs.planChanges.update(change, { ...changes, updatedAt });
  }
}
