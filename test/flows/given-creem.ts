import type { TestAccount, TestGateway } from '../support/gateway.ts';
import { OverviewDocument } from '../support/operations.generated.ts';
import { checkout, pageOf, pay } from './given-purchases.ts';

export const CREEM = { channel: 'CREEM' } as const;

interface CreemBooks {
  readonly checkout: readonly {
    readonly id: string;
    readonly status: string;
    readonly metadata: { readonly orderId: string };
  }[];
  readonly customer: readonly { readonly id: string; readonly external_id: string }[];
  readonly discount: readonly { readonly code: string; readonly status: string }[];
  readonly subscription: readonly { readonly id: string; readonly status: string }[];
  readonly transaction: readonly {
    readonly id: string;
    readonly amount: number;
    readonly status: string;
    readonly customer: string;
  }[];
  readonly event: readonly { readonly eventType: string }[];
}

/** What Creem knows. */
export async function creemBooks(gateway: TestGateway): Promise<CreemBooks> {
  const response = await fetch(`${gateway.sandboxUrl}/_control/books`);
  const { creem } = (await response.json()) as { creem: Partial<CreemBooks> };
  return {
    checkout: [],
    customer: [],
    discount: [],
    subscription: [],
    transaction: [],
    event: [],
    ...creem,
  };
}

/** What Creem has taken from an account, the first payment first, in minor units. */
export async function paymentsOf(gateway: TestGateway, { id }: TestAccount) {
  const { customer, transaction } = await creemBooks(gateway);
  const own = customer.find(({ external_id }) => external_id === id)?.id;
  return transaction
    .filter((payment) => payment.customer === own)
    .map(({ amount, status }) => [amount, status]);
}

/** An account that has paid for a plan through Creem. */
export async function givenSubscriber(
  gateway: TestGateway,
  input: Parameters<typeof checkout>[1] = {},
  cardNumber = '4242424242424242',
): Promise<TestAccount> {
  const account = await gateway.createAccount();
  await pay(pageOf(await checkout(account, { ...CREEM, ...input })).checkoutUrl, { cardNumber });
  await gateway.settled();
  return account;
}

export async function overviewOf(account: TestAccount) {
  const { account: seen } = await account.client.request(OverviewDocument);
  if (seen === null || seen === undefined) throw new Error('There is no account.');
  return seen;
}
