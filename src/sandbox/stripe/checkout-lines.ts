import type Stripe from 'stripe';
import { randomId } from '../random-id.ts';
import { discountsOn } from './discounts.ts';
import { checkCurrency, createPrice, unitAmountOf } from './prices.ts';
import { createProduct } from './products.ts';
import { badRequest, missingParameter } from './stripe-problem.ts';
import { idOf, mergeMetadata, type StripeWorld } from './stripe-world.ts';

type Params = Stripe.Checkout.SessionCreateParams;
type LineParams = Stripe.Checkout.SessionCreateParams.LineItem;

/** One thing on a checkout: as Stripe lists it, and with the name that the page shows. */
export interface CheckoutLine {
  readonly item: Stripe.LineItem;
  readonly price: Stripe.Price;
  readonly quantity: number;
  readonly name: string;
  readonly description: string | null;
}

/** Checks the line items of a new checkout and makes the prices it describes itself. Throws Stripe's 400s. */
export function checkoutLines(
  world: StripeWorld,
  params: Params,
  coupon: Stripe.Coupon | null,
): CheckoutLine[] {
  const given = params.line_items ?? [];
  if (given.length === 0) throw missingParameter('line_items');
  const whole = given.map((line, index) => {
    const param = (name: string) => `line_items[${index}][${name}]`;
    const price = priceOf(world, line, param);
    return checkoutLine(world, line, price, quantityOf(line, param), params);
  });
  checkAlike(whole, params.mode ?? '');
  const lines = withDiscount(whole, coupon);
  checkTotal(lines);
  return lines;
}

function priceOf(
  world: StripeWorld,
  line: LineParams,
  param: (name: string) => string,
): Stripe.Price {
  if (line.price !== undefined && line.price_data !== undefined) {
    throw badRequest('You may only specify one of these parameters: price, price_data.', {
      param: param('price'),
    });
  }
  if (line.price_data !== undefined) return inlinePrice(world, line.price_data, param);
  if (line.price === undefined) throw missingParameter(param('price'));
  const price = world.get('price', line.price, param('price'));
  if (price.active) return price;
  throw badRequest('The price specified is inactive. This field only accepts active prices.', {
    param: param('price'),
  });
}

function inlinePrice(
  world: StripeWorld,
  data: Stripe.Checkout.SessionCreateParams.LineItem.PriceData,
  param: (name: string) => string,
): Stripe.Price {
  const inner = (name: string) => `${param('price_data')}[${name}]`;
  checkCurrency(data.currency, inner('currency'));
  const unitAmount = unitAmountOf(data, inner);
  if ((data.product === undefined) === (data.product_data === undefined)) {
    throw data.product === undefined
      ? missingParameter(inner('product_data'))
      : badRequest('You may only specify one of these parameters: product, product_data.', {
          param: inner('product'),
        });
  }
  const product = data.product_data
    ? createProduct(world, data.product_data)
    : world.get('product', data.product ?? '', inner('product'));
  return createPrice(world, {
    product: product.id,
    currency: data.currency,
    unitAmount,
    recurring: data.recurring,
    active: false,
    taxBehavior: data.tax_behavior,
  });
}

function quantityOf(line: LineParams, param: (name: string) => string): number {
  if (line.quantity === undefined) throw missingParameter(param('quantity'));
  if (line.quantity >= 1 && line.quantity <= 999_999) return line.quantity;
  throw badRequest(`Invalid positive integer: ${line.quantity}`, {
    code: 'parameter_invalid_integer',
    param: param('quantity'),
  });
}

function checkoutLine(
  world: StripeWorld,
  line: LineParams,
  price: Stripe.Price,
  quantity: number,
  params: Params,
): CheckoutLine {
  const product = world.get('product', idOf(price.product));
  const inTrial = price.recurring !== null && hasTrial(params);
  const amount = inTrial ? 0 : (price.unit_amount ?? 0) * quantity;
  const item = {
    id: randomId('li_1'),
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency: price.currency,
    description: product.name,
    metadata: mergeMetadata({}, line.metadata),
    price,
    quantity,
  } satisfies Stripe.LineItem;
  return { item, price, quantity, name: product.name, description: product.description };
}

function withDiscount(lines: CheckoutLine[], coupon: Stripe.Coupon | null): CheckoutLine[] {
  const amounts = lines.map(({ item }) => item.amount_subtotal);
  const off = discountsOn(coupon, amounts, lines[0]?.price.currency ?? 'usd');
  return lines.map((line, index) => {
    const amount = off[index] ?? 0;
    const { amount_subtotal: subtotal } = line.item;
    return {
      ...line,
      item: { ...line.item, amount_discount: amount, amount_total: subtotal - amount },
    };
  });
}

function hasTrial(params: Params): boolean {
  const data = params.subscription_data;
  return data?.trial_period_days !== undefined || data?.trial_end !== undefined;
}

/** The smallest amount that is charged, unless nothing is. */
const SMALLEST = 50;

function checkAlike(lines: readonly CheckoutLine[], mode: string): void {
  const recurring = lines.filter((line) => line.price.recurring !== null);
  if (mode === 'payment' && recurring.length > 0) {
    throw badRequest(
      'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.',
      { param: 'line_items' },
    );
  }
  if (mode === 'subscription' && recurring.length === 0) {
    throw badRequest(
      'You must provide at least one recurring price in `subscription` mode when using prices.',
      { param: 'line_items' },
    );
  }
  const currencies = new Set(lines.map((line) => line.price.currency));
  if (currencies.size > 1) {
    throw badRequest('All prices on a Checkout Session must have the same currency.', {
      param: 'line_items',
    });
  }
  const intervals = new Set(recurring.map((line) => JSON.stringify(line.price.recurring)));
  if (intervals.size > 1) {
    throw badRequest(
      'Checkout does not support multiple prices with different billing intervals.',
      {
        param: 'line_items',
      },
    );
  }
}

function checkTotal(lines: readonly CheckoutLine[]): void {
  const total = lines.reduce((sum, line) => sum + line.item.amount_total, 0);
  if (total > 0 && total < SMALLEST && lines[0]?.price.currency !== 'jpy') {
    throw badRequest("The Checkout Session's total amount due must add up to at least 50 cents.", {
      code: 'amount_too_small',
    });
  }
}
