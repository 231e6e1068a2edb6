import type Stripe from 'stripe';
import { booksOf, newKey } from '../../flows/given-purchases.ts';
import type { TestAccount, TestGateway } from '../../support/gateway.ts';
import {
  AttachPaymentMethodDocument,
  type AttachPaymentMethodMutation,
  CardsDocument,
  CreateSetupIntentDocument,
  type CreateSetupIntentMutation,
  DetachPaymentMethodDocument,
  type DetachPaymentMethodMutation,
} from '../../support/operations.generated.ts';

export type Attached = Extract<
  AttachPaymentMethodMutation['attachPaymentMethod'],
  { __typename: 'AttachPaymentMethodPayload' }
>;

export async function attach(
  account: TestAccount,
  paymentMethodId: string,
  idempotencyKey = newKey(),
): Promise<AttachPaymentMethodMutation['attachPaymentMethod']> {
  const input = { paymentMethodId, idempotencyKey };
  return (await account.client.request(AttachPaymentMethodDocument, { input })).attachPaymentMethod;
}

/** Attaches a card; throws when it was refused. */
export async function givenCard(
  account: TestAccount,
  paymentMethodId = 'pm_card_visa',
): Promise<Attached['paymentMethod']> {
  const answer = await attach(account, paymentMethodId);
  if (answer.__typename !== 'AttachPaymentMethodPayload') throw new Error(JSON.stringify(answer));
  return answer.paymentMethod;
}

export async function detach(
  account: TestAccount,
  paymentMethodId: string,
): Promise<DetachPaymentMethodMutation['detachPaymentMethod']> {
  const input = { paymentMethodId };
  return (await account.client.request(DetachPaymentMethodDocument, { input })).detachPaymentMethod;
}

export async function setUp(
  account: TestAccount,
  input: { idempotencyKey?: string; channel?: 'STRIPE' | 'CREEM' } = {},
): Promise<CreateSetupIntentMutation['createSetupIntent']> {
  const { createSetupIntent } = await account.client.request(CreateSetupIntentDocument, {
    input: { idempotencyKey: newKey(), ...input },
  });
  return createSetupIntent;
}

/** The secret of a setup intent; throws when it was refused. */
export async function givenSetupIntent(account: TestAccount): Promise<string> {
  const answer = await setUp(account);
  if (answer.__typename !== 'CreateSetupIntentPayload') throw new Error(JSON.stringify(answer));
  return answer.clientSecret;
}

/** Saves a card on the sandbox's page for a setup intent; answers its HTTP status. */
export async function saveCard(
  gateway: TestGateway,
  clientSecret: string,
  cardNumber = '4242424242424242',
): Promise<number> {
  const body = new URLSearchParams({ action: 'save', cardNumber });
  const page = `${gateway.sandboxUrl}/setup/${clientSecret}`;
  const response = await fetch(page, { method: 'POST', body, redirect: 'manual' });
  await response.arrayBuffer();
  return response.status;
}

export async function cardsOf(account: TestAccount) {
  const { account: found } = await account.client.request(CardsDocument);
  if (!found) throw new Error('The account is not there.');
  return found;
}

/** What the provider keeps of one account. */
export async function providerCards(gateway: TestGateway, accountId: string) {
  const books = (await booksOf(gateway)) as unknown as Record<string, unknown[] | undefined>;
  const customers = (books.customer ?? []) as Stripe.Customer[];
  const customer = customers.find(({ metadata }) => metadata.accountId === accountId);
  const methods = (books.payment_method ?? []) as Stripe.PaymentMethod[];
  return {
    default: customer?.invoice_settings.default_payment_method ?? null,
    attached: methods.filter((method) => method.customer === customer?.id).map(({ id }) => id),
    customerId: customer?.id ?? '',
  };
}
