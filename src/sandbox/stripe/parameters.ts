import type Stripe from 'stripe';

/*
 * What each endpoint takes, in the SDK's own types. `scripts/generate-stripe-schemas.mjs` turns every interface named
 * `…Parameters` here into a file of JSON Schemas, one property per endpoint, which the server checks requests against.
 */

export interface CustomerParameters {
  create: Stripe.CustomerCreateParams;
  retrieve: Stripe.CustomerRetrieveParams;
  update: Stripe.CustomerUpdateParams;
  list: Stripe.CustomerListParams;
  listPaymentMethods: Stripe.CustomerListPaymentMethodsParams;
  search: Stripe.CustomerSearchParams;
}

export interface ProductParameters {
  create: Stripe.ProductCreateParams;
  retrieve: Stripe.ProductRetrieveParams;
  update: Stripe.ProductUpdateParams;
  list: Stripe.ProductListParams;
}

export interface PriceParameters {
  create: Stripe.PriceCreateParams;
  retrieve: Stripe.PriceRetrieveParams;
  update: Stripe.PriceUpdateParams;
  list: Stripe.PriceListParams;
}

export interface CouponParameters {
  create: Stripe.CouponCreateParams;
  retrieve: Stripe.CouponRetrieveParams;
  update: Stripe.CouponUpdateParams;
  list: Stripe.CouponListParams;
  del: Stripe.CouponDeleteParams;
}

export interface CheckoutSessionParameters {
  create: Stripe.Checkout.SessionCreateParams;
  retrieve: Stripe.Checkout.SessionRetrieveParams;
  list: Stripe.Checkout.SessionListParams;
  expire: Stripe.Checkout.SessionExpireParams;
  listLineItems: Stripe.Checkout.SessionListLineItemsParams;
}

export interface SubscriptionParameters {
  create: Stripe.SubscriptionCreateParams;
  retrieve: Stripe.SubscriptionRetrieveParams;
  update: Stripe.SubscriptionUpdateParams;
  list: Stripe.SubscriptionListParams;
  cancel: Stripe.SubscriptionCancelParams;
}

export interface InvoiceParameters {
  retrieve: Stripe.InvoiceRetrieveParams;
  list: Stripe.InvoiceListParams;
  pay: Stripe.InvoicePayParams;
  createPreview: Stripe.InvoiceCreatePreviewParams;
}

export interface InvoicePaymentParameters {
  retrieve: Stripe.InvoicePaymentRetrieveParams;
  list: Stripe.InvoicePaymentListParams;
}

export interface PaymentIntentParameters {
  create: Stripe.PaymentIntentCreateParams;
  retrieve: Stripe.PaymentIntentRetrieveParams;
  list: Stripe.PaymentIntentListParams;
}

export interface PaymentMethodParameters {
  retrieve: Stripe.PaymentMethodRetrieveParams;
  attach: Stripe.PaymentMethodAttachParams;
  detach: Stripe.PaymentMethodDetachParams;
}

export interface SetupIntentParameters {
  create: Stripe.SetupIntentCreateParams;
  retrieve: Stripe.SetupIntentRetrieveParams;
  list: Stripe.SetupIntentListParams;
  confirm: Stripe.SetupIntentConfirmParams;
}

export interface PortalSessionParameters {
  create: Stripe.BillingPortal.SessionCreateParams;
}

export interface SubscriptionScheduleParameters {
  create: Stripe.SubscriptionScheduleCreateParams;
  retrieve: Stripe.SubscriptionScheduleRetrieveParams;
  list: Stripe.SubscriptionScheduleListParams;
  update: Stripe.SubscriptionScheduleUpdateParams;
  release: Stripe.SubscriptionScheduleReleaseParams;
}

export interface ChargeParameters {
  retrieve: Stripe.ChargeRetrieveParams;
  list: Stripe.ChargeListParams;
}

export interface RefundParameters {
  create: Stripe.RefundCreateParams;
  retrieve: Stripe.RefundRetrieveParams;
  list: Stripe.RefundListParams;
}

export interface DisputeParameters {
  retrieve: Stripe.DisputeRetrieveParams;
  list: Stripe.DisputeListParams;
  close: Stripe.DisputeCloseParams;
}

export interface EventParameters {
  retrieve: Stripe.EventRetrieveParams;
  list: Stripe.EventListParams;
}
