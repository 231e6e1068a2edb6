import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import { newId } from '../../platform/ids.ts';
import type { Channel, Interval, Money } from '../../platform/money.ts';
import { ProviderUnsupported } from '../../providers/payment-errors.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import { NotAllowedNow } from '../account/account.errors.ts';
import type { AccountService } from '../account/account.service.ts';
import { PlanNotAvailable } from '../catalog/catalog.errors.ts';
import type { Plan, PriceRecord } from '../catalog/catalog.model.ts';
import { offeredPrice } from '../catalog/catalog.policy.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import { ChannelUnsupported } from '../payment-method/payment-method.errors.ts';
import type { ChangeTiming, PlanChangeQuote } from './plan-change.model.ts';
import { changeTiming, monthWithin, upgradeCredits } from './plan-change.policy.ts';
import type { PlanChangeStore } from './plan-change.store.ts';
import type { PlanSubscription } from './subscription.model.ts';
import { creditsOf } from './subscription.policy.ts';
import type { SubscriptionEndingService } from './subscription-ending.service.ts';

interface PlanChangeQuoteNeeds {
  readonly clock: Clock;
  readonly accounts: AccountService;
  readonly catalog: CatalogService;
  readonly endings: SubscriptionEndingService;
  readonly planChanges: PlanChangeStore;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
}

interface Target {
  readonly plan: Plan;
  readonly price: PriceRecord;
  readonly toPriceId: string;
}

/** How long a quote holds. */
const HOLDS_MS = 10 * 60_000;

/** What changes of plan would cost and bring. */
export class PlanChangeQuoteService {
  readonly #needs: PlanChangeQuoteNeeds;

  constructor(needs: PlanChangeQuoteNeeds) {
    this.#needs = needs;
  }

  /**
   * What a change would cost now, by the provider's own reckoning, what it does to the credits, and when; kept, so that the
   * change can be made as quoted. Throws NotAllowedNow, PlanNotAvailable, ChannelUnsupported and what the provider's
   * commands throw.
   */
  async preview(accountId: string, planSlug: string, interval: Interval): Promise<PlanChangeQuote> {
    const live = await this.#needs.endings.live(accountId);
    const quote = await this.reckon(live, planSlug, interval);
    await this.#needs.planChanges.insertQuote(quote);
    return quote;
  }

  /** A quote of a change, reckoned from an instant (now when not given) and not kept. Throws as `preview`. */
  async reckon(
    live: PlanSubscription,
    planSlug: string,
    interval: Interval,
    at = wholeSecond(this.#needs.clock.now()),
  ): Promise<PlanChangeQuote> {
    const { target, ...terms } = await this.#terms(live, planSlug, interval, at);
    return { ...terms, amountDueNow: await this.#dueNow(live, target, terms.timing, at) };
  }

  /** What a change would be, without what it costs: not every provider says that. Throws as `preview`. */
  async terms(
    live: PlanSubscription,
    planSlug: string,
    interval: Interval,
  ): Promise<Omit<PlanChangeQuote, 'amountDueNow'>> {
    const at = wholeSecond(this.#needs.clock.now());
    const { target: _target, ...terms } = await this.#terms(live, planSlug, interval, at);
    return terms;
  }

  async #terms(live: PlanSubscription, planSlug: string, interval: Interval, at: Date) {
    checkChangeable(live);
    const target = await this.#target(live, planSlug, interval);
    if (target.toPriceId === live.providerPriceId)
      throw new NotAllowedNow('The account has this plan already.');
    const present = await this.#needs.catalog.planById(live.planId);
    invariant(present !== null, `plan ${live.planId} exists`);
    const side = { plan: present, interval: live.interval };
    const timing = changeTiming(side, { plan: target.plan, interval });
    this.#checkTiming(live, timing);
    const periodEnd = live.currentPeriodEnd ?? at;
    return {
      target,
      id: newId(),
      accountId: live.accountId,
      subscriptionId: live.id,
      planId: target.plan.id,
      interval,
      fromPriceId: live.providerPriceId,
      periodEnd,
      toPriceId: target.toPriceId,
      timing,
      reckonedAt: at,
      creditsDeltaMicro: await this.#creditsDelta(live, target, interval, timing, at),
      effectiveAt: timing === 'NOW' ? at : periodEnd,
      expiresAt: new Date(at.getTime() + HOLDS_MS),
      createdAt: at,
    };
  }

  async #target(live: PlanSubscription, planSlug: string, interval: Interval): Promise<Target> {
    const plan = await this.#needs.catalog.planBySlug(planSlug);
    if (plan === null) throw new PlanNotAvailable(planSlug, 'there is no such plan.');
    if (!plan.isActive) throw new PlanNotAvailable(planSlug, 'it is no longer sold.');
    if (plan.isDefault)
      throw new PlanNotAvailable(planSlug, 'it is the free plan: cancel the subscription instead.');
    const price = offeredPrice(plan, interval);
    if (price === null)
      throw new PlanNotAvailable(planSlug, `it is not sold by the ${interval.toLowerCase()}.`);
    if (price.money === null || price.money.amountMinor === 0n)
      throw new PlanNotAvailable(planSlug, 'its price is agreed with each customer.');
    const toPriceId = await this.#priceIdAt(live.channel, plan, price);
    return { plan, price, toPriceId };
  }

  async #priceIdAt(channel: Channel, plan: Plan, price: PriceRecord): Promise<string> {
    try {
      return await this.#needs.catalog.providerPriceId(channel, plan, price);
    } catch (error) {
      if (error instanceof ProviderUnsupported)
        throw new ChannelUnsupported(channel, error.message);
      throw error;
    }
  }

  async #dueNow(
    live: PlanSubscription,
    { price, toPriceId }: Target,
    timing: ChangeTiming,
    at: Date,
  ): Promise<Money> {
    const currency = live.price?.currency ?? price.money?.currency ?? 'USD';
    if (timing === 'PERIOD_END') return { amountMinor: 0n, currency };
    const provider = this.#provider(live);
    const { providerSubscriptionId: subscriptionId } = live;
    try {
      const change = { subscriptionId, providerPriceId: toPriceId, at };
      return (await provider.previewPlanChange(change)).amountDueNow;
    } catch (error) {
      if (error instanceof ProviderUnsupported)
        throw new ChannelUnsupported(live.channel, error.message);
      throw error;
    }
  }

  #checkTiming(live: PlanSubscription, timing: ChangeTiming): void {
    if (timing === 'NOW' || this.#provider(live).can.changeAtPeriodEnd) return;
    const remedy = 'cancel the subscription, and buy the other plan when it has ended';
    throw new ChannelUnsupported(
      live.channel,
      `${live.channel} changes to a smaller plan at no later time: ${remedy}.`,
    );
  }

  #provider({ channel }: PlanSubscription): PaymentProvider {
    const provider = this.#needs.providers.get(channel);
    if (provider === undefined) throw new ChannelUnsupported(channel, `${channel} is not set up.`);
    return provider;
  }

  /** What an upgrade adds; what any other change makes of a month; nothing while a trial lasts. */
  async #creditsDelta(
    live: PlanSubscription,
    { plan }: Target,
    interval: Interval,
    timing: ChangeTiming,
    at: Date,
  ): Promise<bigint> {
    const before = creditsOf(live.monthlyCredits);
    const after = creditsOf(plan.monthlyCredits);
    if (timing === 'PERIOD_END') return (after ?? 0n) - (before ?? 0n);
    const { currentPeriodStart: start, currentPeriodEnd: end } = live;
    if (live.status !== 'ACTIVE' || start === null || end === null) return 0n;
    if (interval !== live.interval) return (after ?? 0n) - (before ?? 0n);
    const { timeZone } = await this.#needs.accounts.account(live.accountId);
    return upgradeCredits(before, after, monthWithin({ start, end }, interval, at, timeZone), at);
  }
}

function checkChangeable(live: PlanSubscription): void {
  if (live.status !== 'ACTIVE' && live.status !== 'TRIALING') {
    throw new NotAllowedNow(
      `The subscription is ${live.status.toLowerCase()}: pay what is owed before changing the plan.`,
    );
  }
  if (live.cancelAt !== null || live.cancelAtPeriodEnd)
    throw new NotAllowedNow('The subscription is being cancelled: resume it first.');
}

/** Providers reckon in seconds. */
function wholeSecond(instant: Date): Date {
  return new Date(Math.floor(instant.getTime() / 1000) * 1000);
}
