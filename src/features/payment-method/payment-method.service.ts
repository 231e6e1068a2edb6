import { setTimeout as delay } from 'node:timers/promises';
import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { DomainEvents } from '../../platform/domain-events.ts';
import { NotFound } from '../../platform/errors.ts';
import { isId, newId } from '../../platform/ids.ts';
import type { Channel } from '../../platform/money.ts';
import { type Apply, ignored, StaleState } from '../../platform/provider-effect.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import { NotAllowedNow } from '../account/account.errors.ts';
import type { AccountService } from '../account/account.service.ts';
import { afterListing, type ListedMethod } from './payment-method.engine.ts';
import type { PaymentMethod, PaymentMethodAttached } from './payment-method.model.ts';
import type { PaymentMethodStore } from './payment-method.store.ts';
import type { ProviderCustomerService } from './provider-customer.service.ts';

interface PaymentMethodServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly events: DomainEvents;
  readonly store: PaymentMethodStore;
  readonly accounts: AccountService;
  readonly customers: ProviderCustomerService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
}

interface Owner {
  readonly accountId: string;
  readonly channel: Channel;
  readonly customerId: string;
}

/** Whoever is overtaken looks again: webhooks and requests about the same card come together. */
const MAX_ROUNDS = 20;
const LONGEST_PAUSE_MS = 50;

/** What accounts can be charged with, kept in step with the providers that own it. */
export class PaymentMethodService {
  readonly #needs: PaymentMethodServiceNeeds;

  constructor(needs: PaymentMethodServiceNeeds) {
    this.#needs = needs;
  }

  /** What these accounts can be charged with now, the default first. */
  paymentMethods(accountIds: readonly string[]): Promise<PaymentMethod[]> {
    return this.#needs.store.attachedTo(accountIds);
  }

  /** The payment method with this provider's id, when it is attached. */
  async findAttached(channel: Channel, providerId: string): Promise<PaymentMethod | null> {
    const method = await this.#needs.store.byProviderId(channel, providerId);
    return method?.detachedAt === null ? method : null;
  }

  /**
   * A provider has news of a customer's cards: fetches the whole list and answers with the step that takes it over. A card
   * that its owner has just saved (`setUpId`) becomes the default first. The step throws StaleState when another list was
   * taken over in between. Throws what the provider's commands throw.
   */
  async paymentMethodsChanged(
    channel: Channel,
    customerId: string,
    setUpId: string | null,
  ): Promise<Apply> {
    const accountId = await this.#needs.customers.accountOf(channel, customerId);
    if (accountId === null) return ignored(`customer ${customerId} is not an account's`);
    const provider = this.#provider(channel);
    const owner = { accountId, channel, customerId };
    if (setUpId !== null) await this.#makeFirstDefault(provider, owner, setUpId);
    return this.#fetch(provider, owner);
  }

  /** Fetches a customer's cards and takes them over at once. Throws what the provider's commands throw. */
  async refresh(owner: Owner): Promise<void> {
    for (let round = 1; ; round += 1) {
      const apply = await this.#fetch(this.#provider(owner.channel), owner);
      try {
        await this.#needs.database.transaction(apply);
        return;
      } catch (error) {
        if (!(error instanceof StaleState) || round === MAX_ROUNDS) throw error;
        await delay(Math.random() * LONGEST_PAUSE_MS);
      }
    }
  }

  /**
   * Takes a payment method away, at its provider too; one that is gone already stays so. Throws NotFound, NotAllowedNow
   * (a subscription is charged to it) and what the provider's commands throw.
   */
  async detach(accountId: string, paymentMethodId: string): Promise<void> {
    const method = isId(paymentMethodId) ? await this.#needs.store.byId(paymentMethodId) : null;
    if (method === null || method.accountId !== accountId) throw new NotFound('Payment method');
    if (method.detachedAt !== null) return;
    const { channel, providerPaymentMethodId } = method;
    const customerId = await this.#needs.customers.customerOf(accountId, channel);
    invariant(customerId !== null, `account ${accountId} is a customer at ${channel}`);
    const provider = this.#provider(channel);
    const listed = await provider.listPaymentMethods(customerId);
    const present = listed.find((other) => other.paymentMethodId === providerPaymentMethodId);
    if (present !== undefined && present.pays.length > 0) {
      throw new NotAllowedNow(
        'The subscription is charged to this payment method: attach another one first.',
      );
    }
    if (present !== undefined) await provider.detachPaymentMethod(providerPaymentMethodId);
    await this.refresh({ accountId, channel, customerId });
  }

  async #makeFirstDefault(
    provider: PaymentProvider,
    { accountId, channel, customerId }: Owner,
    setUpId: string,
  ): Promise<void> {
    const known = await this.#needs.store.byProviderId(channel, setUpId);
    // What was told of was the default once; whatever is the default now was chosen later.
    if (known !== null && (known.announcedAt !== null || known.detachedAt !== null)) return;
    const listed = await provider.listPaymentMethods(customerId);
    const method = listed.find(({ paymentMethodId }) => paymentMethodId === setUpId);
    if (method === undefined || method.isDefault) return;
    await provider.makeDefault(customerId, setUpId, `tollgate-setup-${accountId}-${setUpId}`);
  }

  async #fetch(provider: PaymentProvider, owner: Owner): Promise<Apply> {
    const { accountId, channel, customerId } = owner;
    const revision = await this.#needs.customers.cardsRevision(accountId, channel);
    const listed = (await provider.listPaymentMethods(customerId)).map(
      ({ paymentMethodId, ...method }) => ({ ...method, providerPaymentMethodId: paymentMethodId }),
    );
    return async (tx) => {
      await this.#needs.accounts.lock(tx, accountId);
      await this.#needs.customers.countOnCards(tx, accountId, channel, revision);
      await this.#takeOver(tx, owner, listed);
      return 'applied';
    };
  }

  async #takeOver(tx: Transaction, owner: Owner, listed: readonly ListedMethod[]): Promise<void> {
    const { store, clock, events } = this.#needs;
    const { accountId, channel } = owner;
    const known = await store.known(tx, accountId, channel);
    const whose = { accountId, channel, now: clock.now(), newId };
    const { methods, attached } = afterListing(known, listed, whose);
    await store.save(tx, methods);
    for (const { id: paymentMethodId } of attached) {
      const event: PaymentMethodAttached = {
        type: 'payment-method.attached',
        accountId,
        paymentMethodId,
      };
      await events.publish(tx, event);
    }
    tx.hint('account', accountId);
  }

  #provider(channel: Channel): PaymentProvider {
    const provider = this.#needs.providers.get(channel);
    invariant(provider !== undefined, `${channel} is set up`);
    return provider;
  }
}
