import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import { InvalidInput, NotFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Channel } from '../../platform/money.ts';
import { requestHash } from '../../platform/request-hash.ts';
import {
  ProviderDeclined,
  ProviderRefused,
  ProviderUnsupported,
} from '../../providers/payment-errors.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import { AccountBlocked, IdempotencyConflict } from '../account/account.errors.ts';
import type { Account } from '../account/account.model.ts';
import { canBuy } from '../account/account.policy.ts';
import type { AccountService } from '../account/account.service.ts';
import { checkIdempotencyKey } from '../account/idempotency.policy.ts';
import type { CardRequestStore } from './card-request.store.ts';
import { ChannelUnsupported, PaymentDeclined } from './payment-method.errors.ts';
import type { CardOperation, CardRequest, PaymentMethod } from './payment-method.model.ts';
import type { PaymentMethodService } from './payment-method.service.ts';
import type { ProviderCustomerService } from './provider-customer.service.ts';

interface CardRequestServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly cardRequests: CardRequestStore;
  readonly accounts: AccountService;
  readonly customers: ProviderCustomerService;
  readonly paymentMethods: PaymentMethodService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
}

interface Wish {
  readonly accountId: string;
  readonly idempotencyKey: string;
}

/** When a job looks after a card that is attached and no more, because the process died or the provider was away. */
const RESUME_AFTER_MS = 60_000;
const PROVIDER_ID = /^[\w-]{1,255}$/;

/** Saving a card: in its owner's browser, or one that a browser has made a payment method of already. */
export class CardRequestService {
  readonly #needs: CardRequestServiceNeeds;

  constructor(needs: CardRequestServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Begins to save a card in its owner's browser. The same key leads to the same intent for as long as the provider
   * remembers keys (a day); the secret itself is kept nowhere. Throws ChannelUnsupported, AccountBlocked,
   * IdempotencyConflict, InvalidInput, NotFound, and what the provider's commands throw.
   */
  async createSetupIntent(
    wish: Wish & { readonly channel: Channel | null },
  ): Promise<{ clientSecret: string; publishableKey: string | null }> {
    checkIdempotencyKey(wish.idempotencyKey);
    const account = await this.#buyer(wish.accountId);
    const provider = this.#provider(wish.channel);
    const hash = requestHash([wish.channel]);
    const request = await this.#store(wish, 'createSetupIntent', provider.channel, hash, null);
    return supported(provider.channel, async () => {
      const customerId = await this.#needs.customers.customerFor(account, provider);
      const key = `tollgate-setup-intent-${request.id}`;
      const made = await provider.createSetupIntent({ accountId: account.id, customerId }, key);
      return { clientSecret: made.clientSecret, publishableKey: provider.publishableKey };
    });
  }

  /**
   * Saves a payment method and has everything charged to it from now on. The provider needs two calls for that: what the
   * first one made is stored, so that a retry with the same key, or a job, goes on with the second. Throws PaymentDeclined,
   * ChannelUnsupported, AccountBlocked, IdempotencyConflict, InvalidInput, NotFound, and what the provider's commands throw.
   */
  async attachPaymentMethod(
    wish: Wish & { readonly paymentMethodId: string },
  ): Promise<PaymentMethod> {
    checkIdempotencyKey(wish.idempotencyKey);
    if (!PROVIDER_ID.test(wish.paymentMethodId))
      throw new InvalidInput('paymentMethodId', "is not a provider's id of a payment method.");
    const account = await this.#buyer(wish.accountId);
    const provider = this.#provider(null);
    const hash = requestHash([wish.paymentMethodId]);
    const { paymentMethodId } = wish;
    const request = await this.#store(
      wish,
      'attachPaymentMethod',
      provider.channel,
      hash,
      paymentMethodId,
    );
    return this.#attach(account, request);
  }

  /** Goes on with a card that was left between the two calls. A card that is refused meanwhile is left so. */
  async resume(requestId: string): Promise<void> {
    const request = await this.#needs.cardRequests.byId(requestId);
    if (request === null || request.progress !== 'OPEN') return;
    const account = await this.#needs.accounts.account(request.accountId);
    if (!canBuy(account.status)) return;
    try {
      await this.#attach(account, request);
    } catch (error) {
      if (!(error instanceof PaymentDeclined) && !(error instanceof NotFound)) throw error;
    }
  }

  async #attach(account: Account, request: CardRequest): Promise<PaymentMethod> {
    const provider = this.#provider(request.channel);
    const { channel } = provider;
    return supported(channel, async () => {
      const customerId = await this.#needs.customers.customerFor(account, provider);
      const id =
        request.providerPaymentMethodId ?? (await this.#first(provider, customerId, request));
      if (request.progress !== 'DONE') {
        await provider.makeDefault(customerId, id, `tollgate-card-${request.id}-default`);
        await this.#needs.paymentMethods.refresh({ accountId: account.id, channel, customerId });
        await this.#note(request, { progress: 'DONE' });
      }
      const method = await this.#needs.paymentMethods.findAttached(channel, id);
      if (method === null) throw new NotFound('Payment method');
      return method;
    });
  }

  async #first(
    provider: PaymentProvider,
    customerId: string,
    request: CardRequest,
  ): Promise<string> {
    const asked = request.askedPaymentMethodId;
    invariant(asked !== null, `request ${request.id} names a payment method`);
    const key = `tollgate-card-${request.id}-attach-${request.attempt}`;
    try {
      const attached = await provider.attachPaymentMethod(customerId, asked, key);
      await this.#note(request, {
        progress: 'OPEN',
        providerPaymentMethodId: attached.paymentMethodId,
      });
      return attached.paymentMethodId;
    } catch (error) {
      throw await this.#refused(request, error);
    }
  }

  /** A provider repeats its refusal of a key for a day: the next attempt has another one. */
  async #refused(request: CardRequest, error: unknown): Promise<unknown> {
    const isDeclined = error instanceof ProviderDeclined;
    if (!isDeclined && !(error instanceof ProviderRefused)) return error;
    await this.#note(request, { progress: 'REFUSED', attempt: request.attempt + 1 });
    if (!isDeclined) return new NotFound('Payment method');
    return new PaymentDeclined(error.message, error.declineCode, { cause: error });
  }

  #note(request: CardRequest, changes: Parameters<CardRequestStore['update']>[1]): Promise<void> {
    return this.#needs.cardRequests.update(request, {
      ...changes,
      updatedAt: this.#needs.clock.now(),
    });
  }

  /** The request under this key: a new one, with a job that looks after it, or the one that was stored before. */
  async #store(
    wish: Wish,
    operation: CardOperation,
    channel: Channel,
    hash: Buffer,
    askedPaymentMethodId: string | null,
  ): Promise<CardRequest> {
    const now = this.#needs.clock.now();
    const request: CardRequest = {
      id: newId(),
      accountId: wish.accountId,
      channel,
      operation,
      idempotencyKey: wish.idempotencyKey,
      requestHash: hash,
      askedPaymentMethodId,
      providerPaymentMethodId: null,
      progress: 'OPEN',
      attempt: 1,
      createdAt: now,
      updatedAt: now,
    };
    const isNew = await this.#needs.database.transaction(async (tx) => {
      const inserted = await this.#needs.cardRequests.insert(tx, request);
      if (inserted && operation === 'attachPaymentMethod') {
        const runAt = new Date(Date.now() + RESUME_AFTER_MS);
        await tx.enqueue('resume-card-request', { id: request.id }, { runAt });
      }
      return inserted;
    });
    if (isNew) return request;
    const known = await this.#needs.cardRequests.byKey(
      wish.accountId,
      operation,
      wish.idempotencyKey,
    );
    invariant(known !== null, `the request with the key exists`);
    if (!known.requestHash.equals(hash)) throw new IdempotencyConflict(wish.idempotencyKey);
    return known;
  }

  async #buyer(accountId: string): Promise<Account> {
    const account = await this.#needs.accounts.account(accountId);
    if (!canBuy(account.status)) throw new AccountBlocked(account.status);
    return account;
  }

  #provider(asked: Channel | null): PaymentProvider {
    const channel = asked ?? 'STRIPE';
    const provider = this.#needs.providers.get(channel);
    if (provider === undefined) throw new ChannelUnsupported(channel, `${channel} is not set up.`);
    if (!provider.can.saveCards)
      throw new ChannelUnsupported(channel, `${channel} saves cards in its own portal only.`);
    return provider;
  }
}

/** A provider without such a thing is what its caller chose, not a failure. */
async function supported<T>(channel: Channel, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProviderUnsupported) throw new ChannelUnsupported(channel, error.message);
    throw error;
  }
}
