import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { DomainEvents } from '../../platform/domain-events.ts';
import { newId } from '../../platform/ids.ts';
import type { Channel } from '../../platform/money.ts';
import { type Apply, ignored, StaleState } from '../../platform/provider-effect.ts';
import type { ProviderSubscription } from '../../providers/payment-objects.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import type { Account } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import type { AccountParts } from '../account/account-parts.model.ts';
import { readAlong } from '../account/account-parts.policy.ts';
import type { Plan, PriceRecord } from '../catalog/catalog.model.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import type { LedgerService } from '../ledger/ledger.service.ts';
import type { ProviderCustomerService } from '../payment-method/provider-customer.service.ts';
import type { PlanSubscription, SubscriptionChanged } from './subscription.model.ts';
import { hasBegun, isLive } from './subscription.policy.ts';
import { SUBSCRIPTION_PART, type SubscriptionStore } from './subscription.store.ts';

interface SubscriptionServiceNeeds {
  readonly clock: Clock;
  readonly events: DomainEvents;
  readonly store: SubscriptionStore;
  readonly accounts: AccountService;
  readonly catalog: CatalogService;
  readonly customers: ProviderCustomerService;
  readonly ledger: LedgerService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
}

interface Sighting {
  readonly channel: Channel;
  readonly state: ProviderSubscription;
  /** The revision that was stored before the state was fetched. */
  readonly revision: bigint;
  readonly accountId: string;
  readonly sold: { plan: Plan; price: PriceRecord };
}

/** Accounts' subscriptions, taken over from the providers that own them. */
export class SubscriptionService {
  readonly #needs: SubscriptionServiceNeeds;

  constructor(needs: SubscriptionServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Fetches a subscription's present state from its provider and answers with the step that takes it over. The step
   * throws StaleState when another one took over a state in between. Throws what the provider's commands throw.
   */
  async subscriptionChanged(channel: Channel, subscriptionId: string): Promise<Apply> {
    const provider = this.#needs.providers.get(channel);
    invariant(provider !== undefined, `${channel} is set up`);
    const revision = await this.#needs.store.revisionOf(channel, subscriptionId);
    const state = await provider.retrieveSubscription(subscriptionId);
    const accountId = await this.#needs.customers.accountOf(channel, state.customerId);
    if (accountId === null) return ignored(`customer ${state.customerId} is not an account's`);
    const sold = await this.#needs.catalog.planByPriceId(state.providerPriceId);
    if (sold === null) return ignored(`price ${state.providerPriceId} is not in the catalogue`);
    return (tx) => this.#takeOver(tx, { channel, state, revision, accountId, sold });
  }

  /** The live subscription of an account, if it has one. */
  async liveSubscription(accountId: string): Promise<PlanSubscription | null> {
    const [live] = await this.#needs.store.liveOf([accountId]);
    return live ?? null;
  }

  /** Whether the account was ever subscribed, however that ended. */
  hasEverBegun(accountId: string): Promise<boolean> {
    return this.#needs.store.hasEverBegun(accountId);
  }

  /** Live subscriptions whose period or trial ended before an instant, and that were not seen since another. */
  overdue(
    channel: Channel,
    by: { endedBefore: Date; seenBefore: Date; limit: number },
  ): Promise<PlanSubscription[]> {
    return this.#needs.store.overdue(channel, by);
  }

  /** The live subscription, or the last one, that was read along with an account; undefined: it was not. */
  readAlong(read: AccountParts | undefined): { value: PlanSubscription | null } | undefined {
    return readAlong(read, SUBSCRIPTION_PART);
  }

  /** The live subscription of each account, or the last one that it had; in no order. */
  latestSubscriptions(accountIds: readonly string[]): Promise<PlanSubscription[]> {
    return this.#needs.store.latestOf(accountIds);
  }

  /** Whether another subscription of the account is live. */
  async hasOtherLive(
    tx: Transaction,
    { accountId, providerSubscriptionId }: PlanSubscription,
  ): Promise<boolean> {
    return (await this.#needs.store.otherLive(tx, accountId, providerSubscriptionId)) !== null;
  }

  /** A provider's subscription as it was taken over last, locked until the transaction ends. */
  lock(
    tx: Transaction,
    channel: Channel,
    providerSubscriptionId: string,
  ): Promise<PlanSubscription | null> {
    return this.#needs.store.lock(tx, channel, providerSubscriptionId);
  }

  /** Ends a subscription that was refused, and gives the money back. Throws what the provider's commands throw. */
  async cancelRefused(channel: Channel, subscriptionId: string): Promise<void> {
    const provider = this.#needs.providers.get(channel);
    invariant(provider !== undefined, `${channel} is set up`);
    await provider.cancelAndRefund(subscriptionId, `tollgate-refused-${subscriptionId}`);
  }

  async #takeOver(tx: Transaction, sighting: Sighting): Promise<'applied' | { ignored: string }> {
    const { channel, state, accountId } = sighting;
    const account = await this.#needs.accounts.lock(tx, accountId);
    await this.#needs.ledger.lockBalance(tx, accountId);
    const known = await this.#needs.store.lock(tx, channel, state.subscriptionId);
    if ((known?.revision ?? 0n) !== sighting.revision)
      throw new StaleState(`subscription ${state.subscriptionId}`);
    const isRefused = known?.isRefused || (await this.#isToBeRefused(tx, account, state, known));
    const subscription = takenOver(sighting, known, isRefused, this.#needs.clock.now());
    await this.#needs.store.save(tx, subscription);
    if (isRefused) {
      const isDone = known?.isRefused && !isLive(state.status);
      if (!isDone) await this.#enqueueCancelling(tx, channel, state.subscriptionId);
      return { ignored: 'the account could not begin it: it is cancelled and refunded' };
    }
    const event: SubscriptionChanged = {
      type: 'subscription.changed',
      subscription,
      previousStatus: known?.status ?? null,
      previous: known,
    };
    await this.#needs.events.publish(tx, event);
    tx.hint('account', accountId);
    return 'applied';
  }

  /** One subscription at a time, and none for a deleted account. What was begun stays begun. */
  async #isToBeRefused(
    tx: Transaction,
    account: Account,
    state: ProviderSubscription,
    known: PlanSubscription | null,
  ): Promise<boolean> {
    if (!hasBegun(state.status) || (known !== null && hasBegun(known.status))) return false;
    if (account.status === 'DELETED') return true;
    return !(await this.#makeRoom(tx, account, state));
  }

  #enqueueCancelling(tx: Transaction, channel: Channel, subscriptionId: string): Promise<void> {
    const jobKey = `cancel-refused-subscription:${channel}:${subscriptionId}`;
    return tx.enqueue('cancel-refused-subscription', { channel, subscriptionId }, { jobKey });
  }

  /** Whether the account has no other live subscription. A promotion's own, which has cost nothing, gives way to a bought one. */
  async #makeRoom(
    tx: Transaction,
    account: Account,
    state: ProviderSubscription,
  ): Promise<boolean> {
    const { store, clock } = this.#needs;
    const other = await store.otherLive(tx, account.id, state.subscriptionId);
    if (other === null) return true;
    if (!other.isPromotion || state.isPromotion) return false;
    const revision = other.revision + 1n;
    await store.save(tx, { ...other, isRefused: true, updatedAt: clock.now(), revision });
    await this.#enqueueCancelling(tx, other.channel, other.providerSubscriptionId);
    return true;
  }
}

function takenOver(
  sighting: Sighting,
  known: PlanSubscription | null,
  isRefused: boolean,
  now: Date,
): PlanSubscription {
  const { channel, state, revision, accountId, sold } = sighting;
  const { subscriptionId, customerId, metadata: _metadata, ...rest } = state;
  const keepsTerms = known !== null && known.providerPriceId === state.providerPriceId;
  const { planId, monthlyCredits, rollover } = keepsTerms
    ? known
    : { ...sold.plan, planId: sold.plan.id };
  const isSamePeriod = sameInstant(known?.currentPeriodStart, state.currentPeriodStart);
  const limits = keepsTerms && isSamePeriod ? known.limits : sold.plan.limits;
  return {
    ...rest,
    planId,
    monthlyCredits,
    rollover,
    limits,
    id: known?.id ?? newId(),
    accountId,
    channel,
    providerSubscriptionId: subscriptionId,
    providerCustomerId: customerId,
    isRefused,
    revision: revision + 1n,
    createdAt: known?.createdAt ?? now,
    updatedAt: now,
  };
}

function sameInstant(one: Date | null | undefined, other: Date | null): boolean {
  return (one?.getTime() ?? null) === (other?.getTime() ?? null);
}
