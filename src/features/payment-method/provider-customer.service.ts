import type { Clock } from '../../platform/clock.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Channel } from '../../platform/money.ts';
import { StaleState } from '../../platform/provider-effect.ts';
import { requestHash } from '../../platform/request-hash.ts';
import { CustomerUnsuitable, type PaymentProvider } from '../../providers/payment-provider.ts';
import { NotAllowedNow } from '../account/account.errors.ts';
import type { Account } from '../account/account.model.ts';
import type { ProviderCustomerStore } from './provider-customer.store.ts';

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
   * and from wherever this is called. Throws NotAllowedNow when the provider needs something that the account lacks, and
   * what the provider's commands throw.
   */
  async customerFor(account: Account, provider: PaymentProvider): Promise<string> {
    const known = await this.#store.customerOf(account.id, provider.channel);
    if (known !== null) return known;
    const { id: accountId, name, email } = account;
    // With what it says in it: an account that was renamed after an unknown outcome would be refused for ever.
    const digest = requestHash([name, email]).toString('hex').slice(0, 16);
    const key = `tollgate-customer-${accountId}-${digest}`;
    const made = await provider.createCustomer({ accountId, name, email }, key).catch(notAllowed);
    await this.#store.remember(accountId, provider.channel, made.customerId, this.#clock.now());
    return (await this.#store.customerOf(accountId, provider.channel)) ?? made.customerId;
  }

  /** The account behind a provider's customer; null for one that Tollgate did not make. */
  accountOf(channel: Channel, customerId: string): Promise<string | null> {
    return this.#store.accountOf(channel, customerId);
  }

  /** The account's customer at a provider, when it has one there. */
  customerOf(accountId: string, channel: Channel): Promise<string | null> {
    return this.#store.customerOf(accountId, channel);
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
}

function notAllowed(error: unknown): never {
  if (error instanceof CustomerUnsuitable) throw new NotAllowedNow(error.message);
  throw error;
}
