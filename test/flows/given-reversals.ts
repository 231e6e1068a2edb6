import { expect } from 'vitest';
import type { TestAccount, TestGateway } from '../support/gateway.ts';
import {
  LedgerDocument,
  OrderDocument,
  OverviewDocument,
  SpendCreditsDocument,
} from '../support/operations.generated.ts';
import { booksOf, control, newKey, pageOf, pay, recharge } from './given-purchases.ts';

export type Reversal = 'refund' | 'failRefund' | 'dispute' | 'winDispute' | 'loseDispute';

/** A top-up of 50 credits for 15.00, paid on its page; answers its order and the checkout at the provider. */
export async function topUp(
  gateway: TestGateway,
  account: TestAccount,
  cardNumber = '4242424242424242',
): Promise<{ orderId: string; checkoutId: string }> {
  const { order, checkoutUrl } = pageOf(await recharge(account));
  expect(await pay(checkoutUrl, { cardNumber })).toBe(303);
  return { orderId: order.id, checkoutId: await checkoutOf(gateway, order.id) };
}

async function checkoutOf(gateway: TestGateway, orderId: string): Promise<string> {
  const sessions = (await booksOf(gateway))['checkout.session'];
  return sessions.find(({ metadata }) => metadata?.orderId === orderId)?.id ?? '';
}

/** What an operator does in the dashboard, or a customer's bank. */
export async function reverse(
  gateway: TestGateway,
  payment: string,
  action: Reversal,
  amount?: number,
): Promise<void> {
  await control(gateway, 'reversals', { payment, action, amount });
}

export async function balanceOf(account: TestAccount) {
  const { account: seen } = await account.client.request(OverviewDocument);
  return seen?.creditBalance;
}

export async function statusOf(account: TestAccount, orderId: string) {
  return (await account.client.request(OrderDocument, { id: orderId })).order?.status;
}

/** Spends; says how it went. */
export async function spend(account: TestAccount, amount: string): Promise<string> {
  const { spendCredits } = await account.client.request(SpendCreditsDocument, {
    input: { amount, idempotencyKey: newKey() },
  });
  return spendCredits.__typename;
}

/** The account's entries, the oldest first: type, amount and what each says. */
export async function entriesOf(account: TestAccount): Promise<string[]> {
  const { account: seen } = await account.client.request(LedgerDocument, { first: 100 });
  const entries = seen?.creditTransactions.edges.map(({ node }) => node) ?? [];
  return entries.toReversed().map(({ type, amount }) => `${type} ${amount}`);
}
