import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Channel } from '../../platform/money.ts';
import { type Apply, ignored, StaleState } from '../../platform/provider-effect.ts';
import type { PaymentReversal } from '../../providers/payment-objects.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import type { AccountService } from '../account/account.service.ts';
import type { InvoiceService } from '../invoice/invoice.service.ts';
import type { CreditReversalService } from '../ledger/credit-reversal.service.ts';
import type { CreditsGranted, GrantCause } from '../ledger/ledger.model.ts';
import type { OrderPaid } from '../order/order.model.ts';
import type { OrderService } from '../order/order.service.ts';
import type { ProviderCustomerService } from '../payment-method/provider-customer.service.ts';
import type { Reversal } from './reversal.model.ts';
import type { ReversalStore } from './reversal.store.ts';

interface ReversalServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: ReversalStore;
  readonly accounts: AccountService;
  readonly customers: ProviderCustomerService;
  readonly orders: OrderService;
  readonly invoices: InvoiceService;
  readonly creditReversals: CreditReversalService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
}

interface Sighting {
  readonly channel: Channel;
  readonly accountId: string;
  readonly state: PaymentReversal;
  /** The revision that was stored before the state was fetched. */
  readonly revision: bigint;
  /** What an event alone said of a dispute. */
  readonly told: bigint | null;
}

const MAX_ROUNDS = 5;
const BATCH = 200;
const CHECK_AGAIN_MS = 3 * 86_400_000;

/** Payments that went back or are contested: their credits and their orders follow them. */
export class ReversalService {
  readonly #needs: ReversalServiceNeeds;

  constructor(needs: ReversalServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Fetches what became of a payment from its provider and answers with the step that takes it over. What the payment was for
   * may not be known yet: then the figures wait for it. `contestedMinor` is what the event alone says of a dispute. The step throws StaleState when another one took over figures in
   * between. Throws what the provider's commands throw.
   */
  async paymentReversed(
    channel: Channel,
    paymentId: string,
    contestedMinor: bigint | null = null,
  ): Promise<Apply> {
    const provider = this.#needs.providers.get(channel);
    invariant(provider !== undefined, `${channel} is set up`);
    const revision = await this.#needs.store.revisionOf(channel, paymentId);
    const state = await provider.retrieveReversal(paymentId);
    const { customerId, paid } = state;
    const accountId =
      customerId === null ? null : await this.#needs.customers.accountOf(channel, customerId);
    if (accountId === null) return ignored(`payment ${paymentId} is of no account's customer`);
    if (paid.amountMinor <= 0n) return ignored(`payment ${paymentId} paid nothing`);
    return async (tx) => {
      await this.#needs.accounts.lock(tx, accountId);
      await this.#takeOver(tx, { channel, accountId, state, revision, told: contestedMinor });
      return 'applied';
    };
  }

  /** An order was settled: what is known already to have gone back of its payment is taken from it. */
  async followOrder(tx: Transaction, { order }: OrderPaid): Promise<void> {
    const { channel, providerPaymentId, providerSubscriptionId } = order;
    const { store } = this.#needs;
    const reversal =
      providerPaymentId !== null
        ? await store.lock(tx, channel, providerPaymentId)
        : providerSubscriptionId !== null
          ? await store.lockOfBeginning(tx, channel, providerSubscriptionId)
          : null;
    if (reversal !== null) await this.#settle(tx, reversal);
  }

  /** An invoice brought another month of credits: so much of it as went back of the payment is taken again. */
  async followGrant(tx: Transaction, { cause }: CreditsGranted): Promise<void> {
    const [invoiceId] = cause.id.split('/');
    if (cause.kind !== 'invoice' || invoiceId === undefined) return;
    const invoice = await this.#needs.invoices.inTransaction(tx, invoiceId);
    if (invoice === null) return;
    const { channel, providerInvoiceId } = invoice;
    const reversal = await this.#needs.store.lockOfInvoice(tx, channel, providerInvoiceId);
    if (reversal !== null) await this.#settle(tx, reversal);
  }

  /** Takes over what became of a payment, without an event that tells of it. Throws what the provider's commands throw. */
  async refresh(channel: Channel, paymentId: string): Promise<void> {
    for (let round = 1; ; round += 1) {
      const apply = await this.paymentReversed(channel, paymentId);
      try {
        await this.#needs.database.transaction(apply);
        return;
      } catch (error) {
        if (!(error instanceof StaleState) || round === MAX_ROUNDS) throw error;
      }
    }
  }

  /** Enqueues a look at every dispute of which nothing was heard for days: not every provider tells how one ended. */
  async sweep(): Promise<void> {
    const { database, clock, store } = this.#needs;
    for (let taken = BATCH; taken === BATCH; ) {
      taken = await database.transaction(async (tx) => {
        const now = clock.now();
        const again = new Date(now.getTime() + CHECK_AGAIN_MS);
        const due = await store.takeDue(tx, now, again, BATCH);
        for (const { channel, providerPaymentId: paymentId } of due) {
          const jobKey = `refresh-reversal:${channel}:${paymentId}`;
          await tx.enqueue('refresh-reversal', { channel, paymentId }, { jobKey });
        }
        return due.length;
      });
    }
  }

  nextDueAt(after: Date): Promise<Date | null> {
    return this.#needs.store.nextCheck(after);
  }

  async #takeOver(
    tx: Transaction,
    { channel, accountId, state, revision, told }: Sighting,
  ): Promise<void> {
    const known = await this.#needs.store.lock(tx, channel, state.paymentId);
    if ((known?.revision ?? 0n) !== revision) throw new StaleState(`payment ${state.paymentId}`);
    const now = this.#needs.clock.now();
    const { paid, invoice, refundedMinor, lostMinor } = state;
    const contestedMinor = state.contestedMinor ?? stillContested(state, known, told);
    const reversal: Reversal = {
      channel,
      providerPaymentId: state.paymentId,
      accountId,
      providerInvoiceId: invoice?.invoiceId ?? null,
      providerSubscriptionId: invoice?.subscriptionId ?? null,
      isFirstInvoice: invoice?.isFirst ?? false,
      currency: paid.currency,
      paidMinor: paid.amountMinor,
      refundedMinor,
      contestedMinor,
      lostMinor,
      revision: revision + 1n,
      checkAt: contestedMinor > 0n ? new Date(now.getTime() + CHECK_AGAIN_MS) : null,
      createdAt: known?.createdAt ?? now,
      updatedAt: now,
    };
    await this.#needs.store.save(tx, reversal);
    await this.#settle(tx, reversal);
  }

  /** Lets the credits and the order say what became of their payment, as far as either is known. */
  async #settle(tx: Transaction, reversal: Reversal): Promise<void> {
    const { channel, providerPaymentId, providerInvoiceId, providerSubscriptionId } = reversal;
    const { orders, invoices } = this.#needs;
    if (providerInvoiceId === null) {
      const order = await orders.ofPayment(tx, channel, providerPaymentId);
      if (order === null || order.accountId !== reversal.accountId) return;
      await this.#reverse(tx, reversal, { kind: 'order', id: order.id });
      await orders.followReversal(tx, order, reversal);
      return;
    }
    const invoice = await invoices.ofProvider(tx, channel, providerInvoiceId);
    if (invoice?.accountId === reversal.accountId)
      await this.#reverse(tx, reversal, { kind: 'invoice', id: invoice.id });
    if (!reversal.isFirstInvoice || providerSubscriptionId === null) return;
    const order = await orders.ofSubscription(tx, channel, providerSubscriptionId);
    if (order?.accountId === reversal.accountId) await orders.followReversal(tx, order, reversal);
  }

  #reverse(tx: Transaction, reversal: Reversal, cause: GrantCause): Promise<void> {
    const { accountId, paidMinor, refundedMinor, contestedMinor, lostMinor } = reversal;
    const metadata = {
      paymentId: reversal.providerPaymentId,
      currency: reversal.currency,
      paidMinorUnits: Number(paidMinor),
      refundedMinorUnits: Number(refundedMinor),
      contestedMinorUnits: Number(contestedMinor),
      lostMinorUnits: Number(lostMinor),
    };
    const figures = { paidMinor, refundedMinor, contestedMinor, lostMinor };
    return this.#needs.creditReversals.reverse(tx, { accountId, cause, ...figures, metadata });
  }
}

/** What a dispute withholds, of which its event alone told: until it is lost, or refunded, as long as nobody says otherwise. */
function stillContested(
  { paid, refundedMinor, lostMinor }: PaymentReversal,
  known: Reversal | null,
  told: bigint | null,
): bigint {
  const withheld = told ?? known?.contestedMinor ?? 0n;
  const left = paid.amountMinor - refundedMinor - lostMinor;
  return withheld < left ? withheld : left;
}
