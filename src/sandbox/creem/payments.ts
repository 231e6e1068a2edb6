import { randomId } from '../random-id.ts';
import { readCard } from '../test-cards.ts';
import {
  type CreemWorld,
  isoOf,
  MODE,
  type Order,
  type Product,
  type Transaction,
} from './creem-world.ts';

interface NewPayment {
  readonly customer: string;
  readonly product: Product;
  readonly amount: number;
  /** What was taken off to come to the amount. */
  readonly discountAmount: number;
  /** The discount that took it off. */
  readonly discount: string | null;
  readonly subscription: string | null;
  /** Of an invoice, in Unix seconds. */
  readonly period: { readonly start: number; readonly end: number } | null;
  readonly description: string;
}

/** Keeps the card that a customer pays with from now on. */
export function keepCard(world: CreemWorld, customer: string, number: string, brand: string): void {
  const id = `card_${customer}`;
  const card = { id, customer, number, brand };
  if (world.find('card', id) === undefined) world.add('card', card);
  else world.change('card', id, card);
}

/** Why a customer's card cannot be charged; null when it can. */
export function whyUnchargeable(world: CreemWorld, customer: string): string | null {
  const kept = world.find('card', `card_${customer}`);
  if (kept === undefined) return 'There is no card.';
  const card = readCard(kept.number);
  return 'number' in card ? (card.chargeFails?.message ?? null) : card.message;
}

/** Money that has come, with its order: of one payment or of one period of a subscription. */
export function recordPayment(
  world: CreemWorld,
  payment: NewPayment,
): { transaction: Transaction; order: Order } {
  const { customer, product, amount, subscription, period, description } = payment;
  const now = world.now();
  const transactionId = randomId('tran_', 22);
  const order = recordOrder(world, payment, transactionId);
  const transaction = world.add('transaction', {
    id: transactionId,
    mode: MODE,
    object: 'transaction',
    amount,
    amount_paid: amount,
    discount_amount: payment.discountAmount,
    currency: product.currency,
    type: subscription === null ? 'payment' : 'invoice',
    tax_country: null,
    tax_amount: 0,
    status: 'paid',
    refunded_amount: null,
    order: order.id,
    subscription,
    customer,
    description,
    ...(period === null
      ? {}
      : { period_start: period.start * 1000, period_end: period.end * 1000 }),
    created_at: now * 1000,
  });
  return { transaction, order };
}

/** An order; one that costs nothing, as the beginning of a trial, has no transaction. */
export function recordOrder(
  world: CreemWorld,
  { customer, product, amount, discountAmount, discount, subscription }: NewPayment,
  transaction: string | null,
): Order {
  const now = isoOf(world.now());
  return world.add('order', {
    id: randomId('ord_', 22),
    mode: MODE,
    object: 'order',
    customer,
    product: product.id,
    transaction,
    discount,
    amount,
    sub_total: amount + discountAmount,
    tax_amount: 0,
    discount_amount: discountAmount,
    amount_due: amount,
    amount_paid: amount,
    currency: product.currency,
    status: 'paid',
    type: subscription === null ? 'onetime' : 'recurring',
    created_at: now,
    updated_at: now,
  });
}
