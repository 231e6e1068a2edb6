import type { RefundEntity$Outbound } from 'creem/models/components';
import type { Condition } from '../provider-books.ts';
import { randomId } from '../random-id.ts';
import { badRequest } from './creem-problem.ts';
import { type CreemWorld, MODE, type Transaction } from './creem-world.ts';
import { endpoint, pageOf } from './endpoint.ts';

export const transactionEndpoints = [
  endpoint('GET /v1/transactions', 'retrieveTransaction', ({ world, params }) =>
    world.get('transaction', params.transaction_id),
  ),
  endpoint('GET /v1/transactions/search', 'searchTransactions', ({ world, params }) => {
    const { customer_id: customer, order_id: order, product_id: product } = params;
    const where = Object.entries({ customer, order }).flatMap(([field, value]): Condition[] =>
      value === undefined ? [] : [[field, '=', value]],
    );
    const found = world
      .all('transaction', where)
      .filter((transaction) => product === undefined || productOf(world, transaction) === product);
    return pageOf(found, params.page_number, params.page_size);
  }),
  endpoint('POST /v1/refunds', 'createRefund', ({ world, params }) => {
    refund(world, world.get('transaction', params.transaction_id));
    return { status: 'succeeded' };
  }),
];

/** Gives back an amount, or all that is left of a payment. Throws a 400 when less is left. */
export function refund(
  world: CreemWorld,
  transaction: Transaction,
  amount?: number,
): RefundEntity$Outbound {
  const paid = transaction.amount_paid ?? transaction.amount;
  const left = paid - (transaction.refunded_amount ?? 0);
  if (transaction.status !== 'paid' && transaction.status !== 'partialRefund') {
    throw badRequest(`Transaction is ${transaction.status}`);
  }
  const back = amount ?? left;
  if (left <= 0 || back > left) throw badRequest('Not so much is left to refund');
  const refunded = world.change('transaction', transaction.id, {
    status: back === left ? 'refunded' : 'partialRefund',
    refunded_amount: paid - left + back,
  });
  const { order, subscription, customer } = refunded;
  const made: RefundEntity$Outbound = world.add('refund', {
    id: randomId('ref_', 22),
    mode: MODE,
    object: 'refund',
    status: 'succeeded',
    refund_amount: back,
    refund_currency: transaction.currency,
    reason: 'requested_by_customer',
    transaction: refunded,
    ...(order == null ? {} : { order }),
    ...(subscription == null ? {} : { subscription }),
    ...(customer == null ? {} : { customer }),
    created_at: world.now() * 1000,
  });
  world.announce('refund.created', made);
  return made;
}

function productOf(world: CreemWorld, { order }: Transaction): string | undefined {
  return order == null ? undefined : world.get('order', order).product;
}
