import type Stripe from 'stripe';
import { endpoint } from './endpoint.ts';
import { cardOf } from './payment-methods.ts';
import { createPaymentIntent, decline, succeed } from './payments.ts';
import { checkCurrency } from './prices.ts';
import { badRequest, cardRefused, missingParameter, refuseUnplayed } from './stripe-problem.ts';
import { idOf, mergeMetadata, type StripeWorld } from './stripe-world.ts';

const SMALLEST = 50;
const UNPLAYED = [
  'application_fee_amount',
  'capture_method',
  'confirmation_token',
  'hooks',
  'mandate',
  'mandate_data',
  'on_behalf_of',
  'payment_method_data',
  'payment_method_options',
  'setup_future_usage',
  'transfer_data',
  'transfer_group',
] as const;

/** Charging a card that a customer has saved, without the customer: the only way in which the sandbox makes intents by API. */
export const paymentIntentCreation = endpoint(
  'POST /v1/payment_intents',
  'paymentIntent',
  'create',
  ({ world, params }) => {
    refuseUnplayed(params, UNPLAYED);
    if (params.confirm !== true || !params.off_session) {
      throw badRequest('This sandbox plays only intents with `confirm` and `off_session`.', {
        param: 'confirm',
      });
    }
    const method = methodOf(world, params);
    const intent = createPaymentIntent(world, {
      amount: amountOf(params),
      currency: params.currency,
      customer: params.customer ?? null,
      description: params.description ?? null,
      metadata: mergeMetadata({}, params.metadata),
      receiptEmail: params.receipt_email ?? null,
      setupFutureUsage: null,
      statementDescriptor: params.statement_descriptor ?? null,
    });
    const refusal = cardOf(world, method.id)?.chargeFails ?? null;
    if (refusal === null) return succeed(world, intent.id, method);
    // Answered rather than thrown: the attempt that failed stays in the books.
    return cardRefused(refusal, decline(world, intent.id, method, refusal));
  },
);

function amountOf({ amount, currency }: Stripe.PaymentIntentCreateParams): number {
  checkCurrency(currency, 'currency');
  if (amount >= SMALLEST) return amount;
  throw badRequest('Amount must be at least 50 cents.', {
    code: 'amount_too_small',
    param: 'amount',
  });
}

/** A saved method can be charged only for the customer that it is attached to. */
function methodOf(
  world: StripeWorld,
  { customer, payment_method: id }: Stripe.PaymentIntentCreateParams,
): Stripe.PaymentMethod {
  if (customer === undefined) throw missingParameter('customer');
  if (id === undefined) throw missingParameter('payment_method');
  world.get('customer', customer, 'customer');
  const method = world.get('payment_method', id, 'payment_method');
  if (method.customer !== null && idOf(method.customer) === customer) return method;
  throw badRequest('The payment method does not belong to the customer.', {
    param: 'payment_method',
  });
}
