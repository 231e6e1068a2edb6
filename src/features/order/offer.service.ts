import { InvalidInput, NotFound } from '../../platform/errors.ts';
import { type Channel, formatCredits, type Interval, type Money } from '../../platform/money.ts';
import { NotAllowedNow } from '../account/account.errors.ts';
import type { Account } from '../account/account.model.ts';
import { PlanNotAvailable } from '../catalog/catalog.errors.ts';
import type { Catalogue, CreditPackage, Plan, PriceRecord } from '../catalog/catalog.model.ts';
import { creditsFor } from '../catalog/catalog.model.ts';
import { channelsFor, channelsOf, offeredPrice } from '../catalog/catalog.policy.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import type { PlanSubscription } from '../subscription/subscription.model.ts';
import type { SubscriptionService } from '../subscription/subscription.service.ts';
import type { NewOrder } from './order.model.ts';

/** How a client names the plan it wants; nothing at all means the catalogue's `lifecycle.plan`. */
export interface PlanWish {
  readonly planSlug: string | null;
  readonly planId: string | null;
  readonly priceId: string | null;
  readonly interval: Interval | null;
}

/** Either an amount in the account's currency or a package. */
export interface TopUpWish {
  readonly amountMinor: bigint | null;
  readonly packageId: string | null;
}

/** What is bought, for how much, and through which channels. */
export interface Offer
  extends Pick<
    NewOrder,
    | 'kind'
    | 'amount'
    | 'planId'
    | 'planPriceId'
    | 'interval'
    | 'trialDays'
    | 'packageId'
    | 'creditsMicro'
  > {
  readonly channels: readonly Channel[];
  /** Null for credits. */
  readonly planSlug: string | null;
}

/** What the catalogue offers for a wish. */
export class OfferService {
  readonly #catalog: CatalogService;
  readonly #catalogue: Catalogue;
  readonly #subscriptions: SubscriptionService;

  constructor(catalog: CatalogService, catalogue: Catalogue, subscriptions: SubscriptionService) {
    this.#catalog = catalog;
    this.#catalogue = catalogue;
    this.#subscriptions = subscriptions;
  }

  /** A plan's price; its trial is for those who never had a plan. Throws PlanNotAvailable, InvalidInput, NotAllowedNow. */
  async plan(wish: PlanWish, account: Account): Promise<Offer> {
    const { plan, price } = await this.#wanted(wish);
    if (!plan.isActive) throw new PlanNotAvailable(plan.slug, 'it is no longer sold.');
    if (plan.isDefault)
      throw new PlanNotAvailable(plan.slug, 'it is the free plan, which every account has.');
    if (price.money === null)
      throw new PlanNotAvailable(plan.slug, 'its price is agreed with each customer.');
    if (price.money.amountMinor === 0n) throw new PlanNotAvailable(plan.slug, 'it costs nothing.');
    checkCurrency(price.money, account);
    const isFirst = plan.trialDays > 0 && !(await this.#subscriptions.hasEverBegun(account.id));
    return {
      kind: 'SUBSCRIPTION',
      amount: price.money,
      planId: plan.id,
      planPriceId: price.id,
      interval: price.interval,
      trialDays: isFirst ? plan.trialDays : 0,
      packageId: null,
      creditsMicro: null,
      channels: channelsOf(price),
      planSlug: plan.slug,
    };
  }

  /** A package, or what an amount buys. Throws NotFound, InvalidInput and NotAllowedNow. */
  async credits(wish: TopUpWish, account: Account, live: PlanSubscription | null): Promise<Offer> {
    if ((wish.amountMinor === null) === (wish.packageId === null)) {
      throw new InvalidInput('amountMinorUnits', 'or packageId must be given, and not both.');
    }
    const plan =
      live === null ? await this.#catalog.defaultPlan() : await this.#catalog.planById(live.planId);
    if (plan !== null && !plan.canBuyCreditPackages) {
      throw new NotAllowedNow(
        `The plan "${plan.slug}" does not include buying credits: change to one that does.`,
      );
    }
    const bought =
      wish.amountMinor === null
        ? await this.#package(wish.packageId ?? '')
        : this.#custom(wish.amountMinor);
    checkCurrency(bought.amount, account);
    return {
      ...bought,
      kind: 'CREDITS',
      planId: null,
      planPriceId: null,
      interval: null,
      trialDays: 0,
      planSlug: null,
      channels: startingWith(live?.channel, channelsFor(bought.amount)),
    };
  }

  async #wanted(wish: PlanWish): Promise<{ plan: Plan; price: PriceRecord }> {
    if ([wish.planSlug, wish.planId, wish.priceId].filter((named) => named !== null).length > 1) {
      throw new InvalidInput('planSlug', 'planId and priceId exclude each other: give one.');
    }
    if (wish.priceId !== null) return this.#byPrice(wish.priceId, wish.interval);
    const slug = wish.planSlug ?? this.#catalogue.lifecycle.planSlug;
    const plan =
      wish.planId === null
        ? await this.#catalog.planBySlug(slug ?? '')
        : await this.#catalog.planById(wish.planId);
    const name = wish.planId ?? slug;
    if (name === null)
      throw new InvalidInput('planSlug', 'is required: the catalogue names no plan of its own.');
    if (plan === null) throw new PlanNotAvailable(name, 'there is no such plan.');
    const price = offeredPrice(plan, wish.interval ?? 'MONTH');
    if (price === null) {
      throw new PlanNotAvailable(
        plan.slug,
        `it has no price by the ${(wish.interval ?? 'MONTH').toLowerCase()}.`,
      );
    }
    return { plan, price };
  }

  async #byPrice(
    priceId: string,
    interval: Interval | null,
  ): Promise<{ plan: Plan; price: PriceRecord }> {
    const found = await this.#catalog.planByPriceId(priceId);
    if (found === null) throw new PlanNotAvailable(priceId, 'there is no such price.');
    if (!found.price.isActive)
      throw new PlanNotAvailable(found.plan.slug, 'this price is no longer offered.');
    if (interval !== null && interval !== found.price.interval) {
      throw new InvalidInput(
        'interval',
        `is ${interval}, but the price is by the ${found.price.interval.toLowerCase()}.`,
      );
    }
    return found;
  }

  async #package(packageId: string): Promise<Bought> {
    const found = await this.#catalog.packageById(packageId);
    if (found === null || !found.isActive) throw new NotFound('Credit package');
    return { amount: found.price, creditsMicro: creditsIn(found), packageId: found.id };
  }

  #custom(amountMinor: bigint): Bought {
    const { credits, currency } = this.#catalogue;
    const { minimum, maximum } = credits;
    if (amountMinor < minimum.amountMinor || amountMinor > maximum.amountMinor) {
      const range = `from ${minimum.amountMinor} to ${maximum.amountMinor} (${currency}, minor units)`;
      throw new InvalidInput('amountMinorUnits', `must be ${range}.`);
    }
    const creditsMicro = creditsFor(credits, amountMinor);
    if (creditsMicro === 0n)
      throw new InvalidInput('amountMinorUnits', `buys ${formatCredits(0n)} credits.`);
    return { amount: { amountMinor, currency }, creditsMicro, packageId: null };
  }
}

interface Bought {
  readonly amount: Money;
  readonly creditsMicro: bigint;
  readonly packageId: string | null;
}

function checkCurrency({ currency }: Money, account: Account): void {
  if (currency === account.currency) return;
  throw new NotAllowedNow(
    `This is sold in ${currency}, and the account is kept in ${account.currency}.`,
  );
}

/** The channel of the account's subscription comes first, where it is one of them. */
function startingWith(first: Channel | undefined, channels: readonly Channel[]): Channel[] {
  return channels.toSorted((one, other) => Number(other === first) - Number(one === first));
}

function creditsIn(found: CreditPackage): bigint {
  return found.creditsMicro + found.bonusCreditsMicro;
}
