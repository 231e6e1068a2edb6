import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { DomainError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Channel } from '../../platform/money.ts';
import { localMonth } from '../../platform/time.ts';
import {
  ProviderDeclined,
  ProviderRefused,
  ProviderUnsupported,
} from '../../providers/payment-errors.ts';
import type { SavedCharge } from '../../providers/payment-objects.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import { canExecute } from '../account/account.policy.ts';
import type { AccountService } from '../account/account.service.ts';
import type { LedgerSweepService } from '../ledger/ledger-sweep.service.ts';
import type { ChargedOrderService } from '../order/charged-order.service.ts';
import type { Offer, OfferService } from '../order/offer.service.ts';
import type { Order } from '../order/order.model.ts';
import type { OrderService } from '../order/order.service.ts';
import type { PaymentMethodService } from '../payment-method/payment-method.service.ts';
import type { SubscriptionService } from '../subscription/subscription.service.ts';
import type { AutoRecharge } from './auto-recharge.model.ts';
import { COOL_DOWN_MS, type Decision, decide } from './auto-recharge.policy.ts';
import { RECHARGE_JOB } from './auto-recharge.service.ts';
import type { AutoRechargeStore } from './auto-recharge.store.ts';

interface AutomaticChargeNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: AutoRechargeStore;
  readonly accounts: AccountService;
  readonly ledgerSweep: LedgerSweepService;
  readonly orders: OrderService;
  readonly chargedOrders: ChargedOrderService;
  readonly offers: OfferService;
  readonly paymentMethods: PaymentMethodService;
  readonly subscriptions: SubscriptionService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
}

/** What an account would be charged for, and with. */
interface Chargeable {
  readonly offer: Offer;
  readonly channel: Channel;
  readonly paymentMethodId: string;
}

interface Charge {
  readonly order: Order;
  readonly paymentMethodId: string;
}

/** When to look after a charge of which nothing more was heard, should its job be lost. */
const LOOK_AGAIN_MS = 3_600_000;
/** When to ask again after money that is on the way, in real time. */
const ASK_AGAIN_MS = 600_000;

/** Charging saved cards when balances fall: one charge at a time for an account. */
export class AutomaticChargeService {
  readonly #needs: AutomaticChargeNeeds;

  constructor(needs: AutomaticChargeNeeds) {
    this.#needs = needs;
  }

  /**
   * Looks at an account's balance and does what its settings say: goes on with a charge that was left open, charges, waits, or
   * has itself told when the balance falls. May be called at any time and any number of times at once.
   * Throws ProviderUnavailable: then it is to be called again.
   */
  async recharge(accountId: string): Promise<void> {
    const chargeable = await this.#chargeable(accountId);
    const charge = await this.#needs.database.transaction((tx) =>
      this.#begin(tx, accountId, chargeable),
    );
    if (charge !== null) await this.#charge(charge);
  }

  /** What is sold and what can be charged at this moment; null when one of them is missing. */
  async #chargeable(accountId: string): Promise<Chargeable | null> {
    const { store, accounts, offers, paymentMethods, subscriptions, providers } = this.#needs;
    const [settings] = await store.of([accountId]);
    const [method] = await paymentMethods.paymentMethods([accountId]);
    if (settings === undefined || method === undefined || !providers.has(method.channel))
      return null;
    const { amountMinor } = settings.amount;
    const account = await accounts.account(accountId);
    const live = await subscriptions.liveSubscription(accountId);
    try {
      const offer = await offers.credits({ amountMinor, packageId: null }, account, live);
      const { channel, providerPaymentMethodId: paymentMethodId } = method;
      return { offer, channel, paymentMethodId };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.#needs.logger.info({ accountId, reason: error.message }, 'credits are not sold');
      return null;
    }
  }

  async #begin(
    tx: Transaction,
    accountId: string,
    chargeable: Chargeable | null,
  ): Promise<Charge | null> {
    const { accounts, chargedOrders, ledgerSweep, store } = this.#needs;
    const account = await accounts.lock(tx, accountId);
    const settings = await store.lock(tx, accountId);
    if (settings === null) return null;
    const open = await chargedOrders.open(tx, accountId);
    if (open !== null) return { order: open, paymentMethodId: methodOf(settings) };
    const now = this.#needs.clock.now();
    const month = localMonth(now, account.timeZone);
    const { availableMicro, owedMicro } = await ledgerSweep.watch(tx, accountId, null);
    const decision = decide(settings, {
      now,
      availableMicro,
      owedMicro,
      mayRun: canExecute(account, now),
      canBeCharged: chargeable !== null,
      chargedMinor: await chargedOrders.chargedSince(tx, accountId, month.start),
      monthEndsAt: month.end,
    });
    if (decision.kind !== 'CHARGE' || chargeable === null) {
      await this.#stand(tx, settings, decision);
      return null;
    }
    const { offer, channel, paymentMethodId } = chargeable;
    const order = await chargedOrders.place(tx, account, channel, offer);
    const checkAt = new Date(now.getTime() + LOOK_AGAIN_MS);
    await store.save(tx, { ...settings, checkAt, providerPaymentMethodId: paymentMethodId });
    tx.hint('order', order.id);
    return { order, paymentMethodId };
  }

  async #stand(tx: Transaction, settings: AutoRecharge, decision: Decision): Promise<void> {
    const { accountId, thresholdMicro } = settings;
    const checkAt = decision.kind === 'WAIT' ? decision.until : null;
    await this.#needs.store.save(tx, { ...settings, checkAt });
    if (decision.kind === 'ARM') await this.#needs.ledgerSweep.watch(tx, accountId, thresholdMicro);
  }

  async #charge({ order, paymentMethodId }: Charge): Promise<void> {
    const provider = this.#needs.providers.get(order.channel);
    invariant(provider !== undefined, `${order.channel} is set up`);
    let made: SavedCharge;
    try {
      made = await this.#needs.chargedOrders.charge(order, provider, paymentMethodId);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await this.#settle(order, null, new Date(this.#needs.clock.now().getTime() + COOL_DOWN_MS));
      const reason = error.message;
      this.#needs.logger.info({ accountId: order.accountId, reason }, 'a saved card was refused');
      return;
    }
    if (made.isPaid) await this.#settle(order, made.paymentId, null);
    else await this.#askLater(order);
  }

  /** Money came, or the card was refused and is left in peace until `coolDownUntil`. Then the balance is looked at again. */
  async #settle(order: Order, paymentId: string | null, coolDownUntil: Date | null): Promise<void> {
    const { accounts, database, orders, store } = this.#needs;
    const { accountId } = order;
    await database.transaction(async (tx) => {
      await accounts.lock(tx, accountId);
      const settings = await store.lock(tx, accountId);
      invariant(settings !== null, `account ${accountId} has settings`);
      const over = { checkAt: null, providerPaymentMethodId: null, coolDownUntil };
      await store.save(tx, { ...settings, ...over });
      await orders.settleCharge(tx, order.id, paymentId);
      await this.#lookAgain(tx, accountId, new Date());
    });
  }

  #askLater({ accountId }: Order): Promise<void> {
    const runAt = new Date(Date.now() + ASK_AGAIN_MS);
    return this.#needs.database.transaction((tx) => this.#lookAgain(tx, accountId, runAt));
  }

  #lookAgain(tx: Transaction, accountId: string, runAt: Date): Promise<void> {
    const jobKey = `${RECHARGE_JOB}:${accountId}`;
    return tx.enqueue(RECHARGE_JOB, { id: accountId }, { jobKey, runAt });
  }
}

function methodOf({ accountId, providerPaymentMethodId }: AutoRecharge): string {
  invariant(providerPaymentMethodId !== null, `the charge of account ${accountId} has a method`);
  return providerPaymentMethodId;
}

/** The provider has answered, and the answer is no. Anything else may still have been a charge. */
function isRefusal(error: unknown): error is DomainError {
  return (
    error instanceof ProviderDeclined ||
    error instanceof ProviderRefused ||
    error instanceof ProviderUnsupported
  );
}
