import type { Clock } from '../../platform/clock.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Channel } from '../../platform/money.ts';
import { StaleState } from '../../platform/provider-effect.ts';
import { requestHash } from '../../platform/request-hash.ts';
import { CustomerUnsuitable } from '../../providers/payment-errors.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import { NotAllowedNow } from '../account/account.errors.ts';
import type { Account } from '../account/account.model.ts';
import type { ProviderCustomerStore } from './provider-customer.store.ts';

/** Providers keep idempotency keys for 24 hours. */
const KEY_LIVES_MS = 23 * 3_600_000;

/** Who an account is at a provider. */
export class ProviderCustomerService {
  readonly #store: ProviderCustomerStore;
  readonly #clock: Clock;

  constructor(store: ProviderCustomerStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * The account's customer at this provider, made there when there is none yet: one account, one customer, however often
   * and from wherever this is called. Where the outcome of an earlier try was never learnt, the same key finds it within a
   * day; after that, when the provider has forgotten the key, the customer itself is looked for. Throws NotAllowedNow when the
   * provider needs something that the account lacks, and what the provider's commands throw.
   */
  async customerFor(account: Account, provider: PaymentProvider): Promise<string> {
    const known = await this.#store.customerOf(account.id, provider.channel);
    if (known !== null) return known;
    const { id: accountId, name, email } = account;
    const now = this.#clock.now();
    const askedAt = await this.#store.askedAt(accountId, provider.channel, now);
    const isForgotten = now.getTime() - askedAt.getTime() > KEY_LIVES_MS;
    const found = isForgotten ? ((await provider.findCustomer?.(accountId)) ?? null) : null;
    if (found !== null) return this.#remember(accountId, provider.channel, found);
    // With what it says in it: an account that was renamed after an unknown outcome would be refused for ever.
    const digest = requestHash([name, email]).toString('hex').slice(0, 16);
    const key = `tollgate-customer-${accountId}-${digest}`;
    const made = await provider.createCustomer({ accountId, name, email }, key).catch(notAllowed);
    return this.#remember(accountId, provider.channel, made.customerId);
  }

  /** The account behind a provider's customer; null for one that Tollgate did not make. */
  accountOf(channel: Channel, customerId: string): Promise<string | null> {
    return this.#store.accountOf(channel, customerId);
  }

  /** The account's customer at a provider, when it has one there. */
  customerOf(accountId: string, channel: Channel): Promise<string | null> {
    return this.#store.customerOf(accountId, channel);
  }

  /** Whether any account is a customer of this provider. */
  hasAny(tx: Transaction, channel: Channel): Promise<boolean> {
    return this.#store.hasAny(tx, channel);
  }

  /** The revision that is stored of the list of a customer's cards: to be read before the list is fetched. */
  cardsRevision(accountId: string, channel: Channel): Promise<bigint> {
    return this.#store.cardsRevision(accountId, channel);
  }

  /** Lets a list of cards that was fetched at this revision be taken over. Throws StaleState when another one was. */
  async countOnCards(
    tx: Transaction,
    accountId: string,
    channel: Channel,
    revision: bigint,
  ): Promise<void> {
    if (!(await this.#store.countOnCards(tx, accountId, channel, revision)))
      throw new StaleState(`cards of account ${accountId}`);
  }

  /** Of those who ask at once, the first one that is remembered counts. */
  async #remember(accountId: string, channel: Channel, customerId: string): Promise<string> {
    await this.#store.remember(accountId, channel, customerId, this.#clock.now());
    return (await this.#store.customerOf(accountId, channel)) ?? customerId;
  }
}

function notAllowed(error: unknown): never {
  if (error instanceof CustomerUnsuitable) throw new NotAllowedNow(error.message);
  throw error;
}
