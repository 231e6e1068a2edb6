import type { DisputeEntity$Outbound } from 'creem/models/components';
import type { PaymentReversalOrder } from '../provider-sandbox.ts';
import { randomId } from '../random-id.ts';
import { badRequest } from './creem-problem.ts';
import { type CreemWorld, MODE, type Transaction } from './creem-world.ts';
import { refund } from './transactions.ts';

/**
 * Does to a payment what its merchant, in the dashboard, or the customer's bank would do; the payment is named by its
 * transaction, its order or its checkout. Answers what came of it. Throws Creem's 400s.
 */
export function reversePayment(
  world: CreemWorld,
  { payment, action, amount }: PaymentReversalOrder,
): object {
  const transaction = transactionOf(world, payment);
  switch (action) {
    case 'refund':
      return refund(world, transaction, amount);
    case 'dispute':
      return openDispute(world, transaction, amount);
    case 'loseDispute':
      checkDisputed(world, transaction);
      // Nothing tells of it: whoever wants to know looks at the transaction.
      return world.change('transaction', transaction.id, { status: 'chargedBack' });
    case 'winDispute':
      checkDisputed(world, transaction);
      return transaction;
    default:
      throw badRequest(`This sandbox does not play ${action} here.`);
  }
}

/** The customer's bank contests a payment. Its transaction says so only when the dispute is lost. */
export function openDispute(
  world: CreemWorld,
  transaction: Transaction,
  amount = transaction.amount,
): DisputeEntity$Outbound {
  if (transaction.status !== 'paid') throw badRequest(`Transaction is ${transaction.status}`);
  const { order, subscription, customer, currency } = transaction;
  const dispute = world.add('dispute', {
    id: randomId('disp_', 22),
    mode: MODE,
    object: 'dispute',
    amount,
    currency,
    transaction,
    ...(order == null ? {} : { order }),
    ...(subscription == null ? {} : { subscription }),
    ...(customer == null ? {} : { customer }),
    created_at: world.now() * 1000,
  });
  world.announce('dispute.created', dispute);
  return dispute;
}

function checkDisputed(world: CreemWorld, { id }: Transaction): void {
  if (world.all('dispute', [['transaction.id', '=', id]]).length > 0) return;
  throw badRequest('The payment is not disputed');
}

function transactionOf(world: CreemWorld, id: string): Transaction {
  const order = world.find('checkout', id)?.order ?? world.find('order', id);
  return world.get('transaction', order?.transaction ?? id);
}
