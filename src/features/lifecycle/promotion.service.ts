import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Channel } from '../../platform/money.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import type { Account } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import type { Catalogue } from '../catalog/catalog.model.ts';
import { offeredPrice } from '../catalog/catalog.policy.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import type { ProviderCustomerService } from '../payment-method/provider-customer.service.ts';
import type { PromotionStore } from './promotion.store.ts';
import type { SubscriptionRefresher } from './subscription-refresher.service.ts';

interface PromotionServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly store: PromotionStore;
  readonly accounts: AccountService;
  readonly catalog: CatalogService;
  readonly customers: ProviderCustomerService;
  readonly refresher: SubscriptionRefresher;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
}

/** The job that makes a promotion's subscription at the provider. */
const START = 'start-promotion';

/** The one provider at which a card can be attached without buying. */
const CHANNEL: Channel = 'STRIPE';
const HOUR_MS = 3_600_000;
const BATCH = 500;

/** Promotions: the free months that an attached card begins, and the provider's subscription that charges after them. */
export class PromotionService {
  readonly #needs: PromotionServiceNeeds;

  constructor(needs: PromotionServiceNeeds) {
    this.#needs = needs;
  }

  /** Stores the intent; a job brings it to the provider. The account's row is locked. */
  async begin(tx: Transaction, account: Account, startedAt: Date, endsAt: Date): Promise<void> {
    const { id: accountId } = account;
    const checkAt = new Date(endsAt.getTime() + HOUR_MS);
    const promotion = { accountId, startedAt, endsAt, providerSubscriptionId: null, checkAt };
    await this.#needs.store.insert(tx, promotion);
    await tx.enqueue(START, { accountId }, { jobKey: `${START}:${accountId}` });
  }

  /** The account has left its promotion: nothing is left to look after. */
  end(tx: Transaction, accountId: string): Promise<void> {
    return this.#needs.store.end(tx, accountId);
  }

  /**
   * Makes the promotion's subscription at the provider, once however often it is called, and takes it over. Does nothing when
   * the account has bought a subscription meanwhile. Throws what the provider's commands throw.
   */
  async start(accountId: string): Promise<void> {
    const promotion = await this.#needs.store.of(accountId);
    const account = await this.#needs.accounts.account(accountId);
    if (promotion === null || account.status !== 'PROMO') return;
    const provider = this.#needs.providers.get(CHANNEL);
    invariant(provider !== undefined, `${CHANNEL} is set up`);
    const subscriptionId =
      promotion.providerSubscriptionId ?? (await this.#make(provider, account, promotion.endsAt));
    await this.#needs.refresher.refresh(CHANNEL, subscriptionId);
  }

  /** Enqueues a look at the promotions that should be over and of which nothing was heard. */
  async sweep(): Promise<void> {
    const { database, clock, store } = this.#needs;
    for (let taken = BATCH; taken === BATCH; ) {
      taken = await database.transaction(async (tx) => {
        const now = clock.now();
        const next = new Date(now.getTime() + HOUR_MS);
        const accountIds = await store.takeDue(tx, now, next, BATCH);
        for (const accountId of accountIds) await tx.enqueue(START, { accountId });
        return accountIds.length;
      });
    }
  }

  nextDueAt(after: Date): Promise<Date | null> {
    return this.#needs.store.nextCheck(after);
  }

  async #make(provider: PaymentProvider, account: Account, endsAt: Date): Promise<string> {
    const { catalog, catalogue, customers, database, store } = this.#needs;
    const plan = await catalog.planBySlug(catalogue.lifecycle.planSlug ?? '');
    const price = plan === null ? null : offeredPrice(plan, 'MONTH');
    invariant(plan !== null && price !== null, 'the lifecycle has a plan with a monthly price');
    const { subscriptionId } = await provider.createPromotionSubscription(
      {
        accountId: account.id,
        customerId: await customers.customerFor(account, provider),
        providerPriceId: await catalog.providerPriceId(CHANNEL, plan, price),
        endsAt,
      },
      `tollgate-promotion-${account.id}`,
    );
    await database.transaction((tx) => store.rememberSubscription(tx, account.id, subscriptionId));
    return subscriptionId;
  }
}
