import { invariant } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { newId } from '../../platform/ids.ts';
import type { Channel } from '../../platform/money.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import { type Apply, ignored, together } from '../../platform/provider-effect.ts';
import type { ProviderInvoice } from '../../providers/payment-objects.ts';
import type { AccountService } from '../account/account.service.ts';
import type { ProviderCustomerService } from '../payment-method/provider-customer.service.ts';
import type { PlanCreditsService } from '../subscription/plan-credits.service.ts';
import type { SubscriptionService } from '../subscription/subscription.service.ts';
import { supersededBy } from './invoice.machine.ts';
import type { Invoice } from './invoice.model.ts';
import type { InvoiceStore } from './invoice.store.ts';

interface InvoiceServiceNeeds {
  readonly clock: Clock;
  readonly store: InvoiceStore;
  readonly accounts: AccountService;
  readonly customers: ProviderCustomerService;
  readonly subscriptions: SubscriptionService;
  readonly planCredits: PlanCreditsService;
}

interface InvoiceNews {
  readonly channel: Channel;
  readonly accountId: string;
  readonly news: ProviderInvoice;
}

/** Providers' invoices, mirrored; a paid one brings a subscription's credits for its first month. */
export class InvoiceService {
  readonly #needs: InvoiceServiceNeeds;
  /** What is beside a subscription is only mirrored. */
  readonly #mirrored = together<InvoiceNews>((tx, news) => this.#mirrorAll(tx, news));

  constructor(needs: InvoiceServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * A provider has news of an invoice. Answers with the step that mirrors it, takes over the state of its subscription,
   * and grants what a paid one brings, once per invoice. Throws what the provider's commands throw.
   */
  async invoiceChanged(channel: Channel, news: ProviderInvoice): Promise<Apply> {
    const accountId = await this.#needs.customers.accountOf(channel, news.customerId);
    if (accountId === null) return ignored(`customer ${news.customerId} is not an account's`);
    if (news.subscriptionId === null)
      return this.#mirrored(accountId, { channel, accountId, news });
    const takeOverSubscription = await this.#needs.subscriptions.subscriptionChanged(
      channel,
      news.subscriptionId,
    );
    return async (tx) => {
      await this.#needs.accounts.hold(tx, accountId);
      await takeOverSubscription(tx);
      const invoice = this.#mirrorOf({ channel, accountId, news });
      const stored = await this.#needs.store.save(tx, invoice, supersededBy(news.status));
      await this.#grantPaidMonth(tx, stored, news);
      tx.hint('account', accountId);
      return 'applied';
    };
  }

  /** A payment of an invoice failed; what follows from it is in the subscription's state. */
  invoicePaymentFailed(channel: Channel, news: ProviderInvoice): Promise<Apply> {
    return this.invoiceChanged(channel, news);
  }

  /** The mirror of a provider's invoice, locked; null when it has not been seen yet. */
  ofProvider(tx: Transaction, channel: Channel, invoiceId: string): Promise<Invoice | null> {
    return this.#needs.store.lock(tx, channel, invoiceId);
  }

  /** The invoice with this id, locked; null when there is none. */
  inTransaction(tx: Transaction, id: string): Promise<Invoice | null> {
    return this.#needs.store.lockById(tx, id);
  }

  /** Those of a provider's invoices that are not mirrored in their present state. */
  async unknownOf(
    channel: Channel,
    theirs: readonly ProviderInvoice[],
  ): Promise<ProviderInvoice[]> {
    const ids = theirs.map(({ invoiceId }) => invoiceId);
    const known = await this.#needs.store.statusesOf(channel, ids);
    return theirs.filter(({ invoiceId, status }) => known.get(invoiceId) !== status);
  }

  /** A page of an account's invoices, newest first. Throws InvalidInput. */
  invoices(accountId: string, request: PageRequest): Promise<Page<Invoice>> {
    return this.#needs.store.page(accountId, request);
  }

  invoiceCount(accountId: string): Promise<bigint> {
    return this.#needs.store.count(accountId);
  }

  /** The invoices with these ids, in no order. */
  invoicesById(ids: readonly string[]): Promise<Invoice[]> {
    return this.#needs.store.byIds(ids);
  }

  async #mirrorAll(tx: Transaction, news: readonly InvoiceNews[]): Promise<void> {
    const accountIds = news.map(({ accountId }) => accountId);
    await this.#needs.accounts.holdAll(tx, accountIds);
    const invoices = news.map((one) => this.#mirrorOf(one));
    for (const [status, ofOneStatus] of Map.groupBy(invoices, (invoice) => invoice.status))
      await this.#needs.store.saveAll(tx, firstOfEach(ofOneStatus), status, supersededBy(status));
    tx.hintAll('account', accountIds);
  }

  #mirrorOf({ channel, accountId, news }: InvoiceNews): Invoice {
    return {
      id: newId(),
      accountId,
      channel,
      providerInvoiceId: news.invoiceId,
      providerSubscriptionId: news.subscriptionId,
      number: news.number,
      status: news.status,
      amount: news.total,
      hostedUrl: news.hostedUrl,
      pdfUrl: news.pdfUrl,
      paidAt: news.paidAt,
      createdAt: news.createdAt,
      updatedAt: this.#needs.clock.now(),
    };
  }

  /**
   * Only an invoice that begins or renews a period grants, and only when money was paid, or would have been without a
   * coupon: a trial's costs nothing.
   */
  async #grantPaidMonth(tx: Transaction, invoice: Invoice, news: ProviderInvoice): Promise<void> {
    const startsPeriod = news.reason === 'BEGIN' || news.reason === 'RENEW';
    if (
      news.status !== 'PAID' ||
      !startsPeriod ||
      news.amountPaidMinor + (news.discountMinor ?? 0n) <= 0n ||
      news.subscriptionId === null
    )
      return;
    invariant(news.period !== null, `invoice ${news.invoiceId} has a period`);
    const subscription = await this.#needs.subscriptions.lock(
      tx,
      invoice.channel,
      news.subscriptionId,
    );
    if (subscription === null || subscription.isRefused) return;
    await this.#needs.planCredits.grantPaidMonth(tx, subscription, invoice.id, news.period);
  }
}

/** Of several news of one invoice in the same status the first ones count, as when they come one after the other. */
function firstOfEach(invoices: readonly Invoice[]): Invoice[] {
  const first = new Map<string, Invoice>();
  for (const invoice of invoices) {
    const key = `${invoice.channel} ${invoice.providerInvoiceId}`;
    if (!first.has(key)) first.set(key, invoice);
  }
  return [...first.values()];
}
