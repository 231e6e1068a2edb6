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

export interface CheckoutSessionParameters {
  create: Stripe.Checkout.SessionCreateParams;
  retrieve: Stripe.Checkout.SessionRetrieveParams;
  list: Stripe.Checkout.SessionListParams;
  expire: Stripe.Checkout.SessionExpireParams;
  listLineItems: Stripe.Checkout.SessionListLineItemsParams;
}

export interface SubscriptionParameters {
  retrieve: Stripe.SubscriptionRetrieveParams;
  update: Stripe.SubscriptionUpdateParams;
  list: Stripe.SubscriptionListParams;
  cancel: Stripe.SubscriptionCancelParams;
}

export interface InvoiceParameters {
  retrieve: Stripe.InvoiceRetrieveParams;
  list: Stripe.InvoiceListParams;
}

export interface InvoicePaymentParameters {
  retrieve: Stripe.InvoicePaymentRetrieveParams;
  list: Stripe.InvoicePaymentListParams;
}

export interface PaymentIntentParameters {
  retrieve: Stripe.PaymentIntentRetrieveParams;
  list: Stripe.PaymentIntentListParams;
}

export interface PaymentMethodParameters {
  retrieve: Stripe.PaymentMethodRetrieveParams;
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

export interface EventParameters {
  retrieve: Stripe.EventRetrieveParams;
  list: Stripe.EventListParams;
}
