import { assertNever } from '../platform/assert.ts';
import type { Channel } from '../platform/money.ts';
import { type Apply, ignored } from '../platform/provider-effect.ts';
import type {
  CheckoutOutcome,
  ProviderEvent,
  ProviderInvoice,
} from '../providers/payment-objects.ts';

/** What the inbox needs of the features: one call per kind of event, each of which may ask the provider first. */
export interface EventServices {
  readonly orders: {
    checkoutChanged(channel: Channel, checkout: CheckoutOutcome): Promise<Apply>;
    checkoutPaymentFailed(channel: Channel, checkout: CheckoutOutcome): Promise<Apply>;
  };
  readonly subscriptions: {
    subscriptionChanged(channel: Channel, subscriptionId: string): Promise<Apply>;
  };
  readonly invoices: {
    invoiceChanged(channel: Channel, invoice: ProviderInvoice): Promise<Apply>;
    invoicePaymentFailed(channel: Channel, invoice: ProviderInvoice): Promise<Apply>;
  };
  readonly paymentMethods: {
    paymentMethodsChanged(
      channel: Channel,
      customerId: string,
      setUpId: string | null,
    ): Promise<Apply>;
  };
  readonly reversals: {
    paymentReversed(
      channel: Channel,
      paymentId: string,
      contestedMinor: bigint | null,
    ): Promise<Apply>;
  };
}

/** Does the first step of an event, outside any transaction; answers with the second. */
export type Dispatch = (channel: Channel, event: ProviderEvent) => Promise<Apply>;

/** Brings each kind of event to the one service call that it means. */
export function dispatchTo({
  orders,
  subscriptions,
  invoices,
  paymentMethods,
  reversals,
}: EventServices): Dispatch {
  return async (channel, event) => {
    switch (event.kind) {
      case 'checkoutChanged':
        return orders.checkoutChanged(channel, event.checkout);
      case 'checkoutPaymentFailed':
        return orders.checkoutPaymentFailed(channel, event.checkout);
      case 'subscriptionChanged':
        return subscriptions.subscriptionChanged(channel, event.subscriptionId);
      case 'invoiceChanged':
        return invoices.invoiceChanged(channel, event.invoice);
      case 'invoicePaymentFailed':
        return invoices.invoicePaymentFailed(channel, event.invoice);
      case 'paymentMethodChanged':
        return paymentMethods.paymentMethodsChanged(channel, event.customerId, event.setUpId);
      case 'paymentReversed':
        return reversals.paymentReversed(channel, event.paymentId, event.contestedMinor ?? null);
      case 'ignored':
        return ignored(event.reason);
      default:
        return assertNever(event);
    }
  };
}

/** What the first step of an event asks its provider about; null: it only looks here. */
export function askedAbout(event: ProviderEvent): string | null {
  switch (event.kind) {
    case 'subscriptionChanged':
      return event.subscriptionId;
    case 'paymentMethodChanged':
      return event.customerId;
    case 'paymentReversed':
      return event.paymentId;
    case 'checkoutChanged':
    case 'checkoutPaymentFailed':
      return event.checkout.subscriptionId;
    case 'invoiceChanged':
    case 'invoicePaymentFailed':
      return event.invoice.subscriptionId;
    case 'ignored':
      return null;
    default:
      return assertNever(event);
  }
}
