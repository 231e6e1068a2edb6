import type { Interval, Money } from '../platform/money.ts';

// What goes in and out of the port.

export interface NewCustomer {
  readonly accountId: string;
  readonly name: string;
  readonly email: string | null;
}

export interface PlanForSale {
  readonly planId: string;
  readonly slug: string;
  readonly name: string;
  readonly prices: readonly {
    readonly lookupKey: string;
    readonly interval: Interval;
    readonly money: Money;
  }[];
}

export interface PricesAtProvider {
  /** Null where a provider has nothing above its prices. */
  readonly productId: string | null;
  readonly priceIds: Readonly<Record<string, string>>; // by lookup key
}

/** A coupon as a provider has to know it. */
export interface CouponForSale {
  readonly couponId: string;
  /** What the customer sees on the page. */
  readonly name: string;
  readonly off: { readonly percentBasisPoints: number } | { readonly money: Money };
}

/** What a coupon takes off a checkout's first payment. */
export interface CheckoutDiscount {
  /** An id of `ensureCoupon`; null where the provider keeps no coupon for all pages. */
  readonly providerCouponId: string | null;
  /** What the customer sees on the page. */
  readonly name: string;
  /** What it takes off by our reckoning: the last word is that of a provider with a coupon of its own. */
  readonly money: Money;
}

interface NewCheckout {
  readonly orderId: string;
  readonly accountId: string;
  readonly customerId: string;
  readonly successUrl: string;
  readonly cancelUrl: string;
  readonly expiresAt: Date;
  readonly discount?: CheckoutDiscount | null;
}

export interface NewPlanCheckout extends NewCheckout {
  readonly providerPriceId: string;
  readonly trialDays: number;
}

export interface NewCreditsCheckout extends NewCheckout {
  readonly money: Money;
  /** What the customer sees on the page, such as `100 credits`. */
  readonly description: string;
}

/** What an order costs, charged to a payment method that its account has saved. */
export interface NewSavedCharge {
  readonly orderId: string;
  readonly accountId: string;
  readonly customerId: string;
  readonly paymentMethodId: string;
  readonly money: Money;
  /** What the customer sees of it, such as `100 credits`. */
  readonly description: string;
}

/** A charge that was made. `isPaid` is false while its money is on the way. */
export interface SavedCharge {
  readonly paymentId: string;
  readonly isPaid: boolean;
}

export interface NewPromotion {
  readonly accountId: string;
  readonly customerId: string;
  readonly providerPriceId: string;
  /** When the first charge is made. */
  readonly endsAt: Date;
}

export interface HostedCheckout {
  readonly checkoutId: string;
  readonly url: string;
  readonly expiresAt: Date;
  /** What the page asks for now, discount included; left out where the provider does not say. */
  readonly total?: Money | null;
}

/** `PAID` also covers a checkout that has nothing to pay now (a trial). `PENDING_PAYMENT`: completed, the money is on its way. */
export type CheckoutState = 'OPEN' | 'PENDING_PAYMENT' | 'PAID' | 'EXPIRED';

export interface CheckoutOutcome {
  readonly checkoutId: string;
  /** Our order, as given when the checkout was made; null for one that Tollgate did not make. */
  readonly orderId: string | null;
  readonly state: CheckoutState;
  readonly customerId: string | null;
  readonly subscriptionId: string | null;
  /** The payment (not the invoice) that settled it, where there is one. */
  readonly paymentId: string | null;
  readonly total: Money | null;
  /** What was taken off, once it is paid; left out where the provider does not say. */
  readonly discountMinor?: bigint;
  readonly url: string | null;
}

export type SubscriptionStatus =
  | 'ACTIVE'
  | 'TRIALING'
  | 'PAST_DUE'
  | 'CANCELED'
  | 'INCOMPLETE'
  | 'INCOMPLETE_EXPIRED'
  | 'UNPAID'
  | 'PAUSED';

export interface ProviderSubscription {
  readonly subscriptionId: string;
  readonly customerId: string;
  readonly status: SubscriptionStatus;
  readonly providerPriceId: string;
  readonly price: Money | null;
  readonly interval: Interval;
  readonly startedAt: Date | null;
  readonly currentPeriodStart: Date | null;
  readonly currentPeriodEnd: Date | null;
  readonly trialStart: Date | null;
  readonly trialEnd: Date | null;
  readonly cancelAtPeriodEnd: boolean;
  readonly cancelAt: Date | null;
  readonly endedAt: Date | null;
  /** Made by `createPromotionSubscription`. */
  readonly isPromotion: boolean;
  /** Our own words, as given when it was made: accountId, orderId. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface NewPortal {
  readonly customerId: string;
  readonly returnUrl: string;
  /** A change of price that the customer is asked to confirm; null: the portal's first page. */
  readonly change: Omit<PriceChange, 'at'> | null;
}

export interface PriceChange {
  readonly subscriptionId: string;
  readonly providerPriceId: string;
  /** The instant from which money is reckoned: the same in a preview and in what follows it. */
  readonly at: Date;
}

export interface NewSetup {
  readonly accountId: string;
  readonly customerId: string;
}

/** A payment method that a customer has saved. */
export interface ProviderPaymentMethod {
  readonly paymentMethodId: string;
  /** The provider's word, such as `card`. */
  readonly type: string;
  readonly brand: string | null;
  readonly last4: string | null;
  readonly expMonth: number | null;
  readonly expYear: number | null;
  readonly isDefault: boolean;
  /** The states of the subscriptions that are charged to it; those that have ended are left out. */
  readonly pays: readonly SubscriptionStatus[];
}

export type InvoiceStatus = 'DRAFT' | 'OPEN' | 'PAID' | 'UNCOLLECTIBLE' | 'VOID';

export interface ProviderInvoice {
  readonly invoiceId: string;
  readonly customerId: string;
  readonly subscriptionId: string | null;
  readonly number: string | null;
  readonly status: InvoiceStatus;
  /** BEGIN and RENEW start a period of the subscription; CHANGE is a proration; OTHER is anything else. */
  readonly reason: 'BEGIN' | 'RENEW' | 'CHANGE' | 'OTHER';
  readonly total: Money;
  readonly amountPaidMinor: bigint;
  /** What a coupon took off it; left out where the provider does not say. */
  readonly discountMinor?: bigint;
  /** The service period of its subscription line, not the invoice's own collection window. */
  readonly period: { readonly start: Date; readonly end: Date } | null;
  readonly providerPriceId: string | null;
  readonly createdAt: Date;
  readonly paidAt: Date | null;
  readonly hostedUrl: string | null;
  readonly pdfUrl: string | null;
}

/**
 * What became of a payment's money, as it stands: every figure is absolute, in minor units of `paid.currency`. A refund counts
 * from when it is on its way, and no more when it has failed; a dispute counts as contested until it is decided.
 */
export interface PaymentReversal {
  /** The payment as events and checkouts name it. */
  readonly paymentId: string;
  readonly customerId: string | null;
  readonly paid: Money;
  readonly refundedMinor: bigint;
  /** Withheld by disputes that are open. Null where the provider says so in the event alone: what that said stays. */
  readonly contestedMinor: bigint | null;
  /** Taken by disputes that were lost. */
  readonly lostMinor: bigint;
  /** The invoice that it paid; null for one that paid a checkout of credits by itself. */
  readonly invoice: {
    readonly invoiceId: string;
    readonly subscriptionId: string | null;
    /** Whether it is the invoice that a subscription began with, and so what its order paid. */
    readonly isFirst: boolean;
  } | null;
}

/** What a webhook announces. An event is a hint: where order matters, the object is fetched again. */
export type ProviderEvent =
  | { readonly kind: 'checkoutChanged'; readonly checkout: CheckoutOutcome }
  | { readonly kind: 'checkoutPaymentFailed'; readonly checkout: CheckoutOutcome }
  | {
      readonly kind: 'subscriptionChanged';
      readonly subscriptionId: string;
      readonly customerId: string;
    }
  | { readonly kind: 'invoiceChanged'; readonly invoice: ProviderInvoice }
  | { readonly kind: 'invoicePaymentFailed'; readonly invoice: ProviderInvoice }
  | {
      readonly kind: 'paymentMethodChanged';
      readonly customerId: string;
      /** The card that its owner has just saved in a browser: it is to become the default. Null: any other change. */
      readonly setUpId: string | null;
    }
  /** Money of a payment goes back, is contested, or neither any more. */
  | {
      readonly kind: 'paymentReversed';
      readonly paymentId: string;
      /** What a dispute withholds, where nothing but the event says so. */
      readonly contestedMinor?: bigint;
    }
  | { readonly kind: 'ignored'; readonly reason: string };

export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifiedWebhook {
  readonly eventId: string;
  readonly type: string;
  /** The event in JSON, if what was signed is that, as far as it may be kept: where nothing had to be left out, as it came. */
  readonly text: string;
}

/** From `since` on, before `until`. */
export interface EventWindow {
  readonly since: Date;
  readonly until: Date;
}

export interface EventPage {
  readonly events: readonly VerifiedWebhook[];
  /** Null when this was the last page. */
  readonly nextCursor: string | null;
}
