import type Stripe from 'stripe';
import { booksOf, checkout, newKey, pageOf, pay } from '../../flows/given-purchases.ts';
import type { TestAccount, TestGateway } from '../../support/gateway.ts';
import {
  CancelSubscriptionDocument,
  ChangePlanDocument,
  type ChangePlanInput,
  CreatePortalSessionDocument,
  type Interval,
  OverviewDocument,
  PlanSubscriptionDocument,
  PreviewPlanChangeDocument,
  ResumeSubscriptionDocument,
} from '../../support/operations.generated.ts';

/** An account that has paid for a plan. */
export async function givenSubscriber(
  gateway: TestGateway,
  planSlug = 'starter-pro',
  interval: Interval = 'MONTH',
): Promise<TestAccount> {
  const account = await gateway.createAccount();
  await pay(pageOf(await checkout(account, { planSlug, interval })).checkoutUrl);
  await gateway.settled();
  return account;
}

export async function subscriptionOf(account: TestAccount) {
  const { account: found } = await account.client.request(PlanSubscriptionDocument);
  if (!found?.subscription) throw new Error('There is no subscription.');
  return { ...found.subscription, accountStatus: found.status };
}

export async function creditsOf(account: TestAccount): Promise<string> {
  const { account: found } = await account.client.request(OverviewDocument);
  return found?.creditBalance.available ?? '';
}

export async function cancel(
  account: TestAccount,
  input: { atPeriodEnd?: boolean; reason?: string } = {},
) {
  return (await account.client.request(CancelSubscriptionDocument, { input })).cancelSubscription;
}

export async function resume(account: TestAccount) {
  return (await account.client.request(ResumeSubscriptionDocument, { input: {} }))
    .resumeSubscription;
}

export async function preview(
  account: TestAccount,
  planSlug: string,
  interval: Interval = 'MONTH',
) {
  const variables = { planSlug, interval };
  return (await account.client.request(PreviewPlanChangeDocument, variables)).previewPlanChange;
}

export async function changePlan(account: TestAccount, input: Partial<ChangePlanInput> = {}) {
  const { changePlan: answer } = await account.client.request(ChangePlanDocument, {
    input: { planSlug: 'scale', interval: 'MONTH', idempotencyKey: newKey(), ...input },
  });
  return answer;
}

export async function openPortal(account: TestAccount): Promise<string> {
  const { createPortalSession } = await account.client.request(CreatePortalSessionDocument, {
    input: { returnUrl: 'http://localhost:3000/billing' },
  });
  if (createPortalSession.__typename !== 'CreatePortalSessionPayload')
    throw new Error(JSON.stringify(createPortalSession));
  return createPortalSession.url;
}

/** Presses a button of the portal; answers its HTTP status, 303 when it was done. */
export async function press(url: string, action: string, cardNumber = ''): Promise<number> {
  const body = new URLSearchParams({ action, cardNumber });
  const response = await fetch(url, { method: 'POST', body, redirect: 'manual' });
  await response.arrayBuffer();
  return response.status;
}

/** The provider's own record of an account's subscription, and of its invoices. */
export async function atProvider(gateway: TestGateway, account: TestAccount) {
  const books = await booksOf(gateway);
  const customer = books.customer.find(({ metadata }) => metadata.accountId === account.id);
  const ofCustomer = (object: { customer: unknown }) => object.customer === customer?.id;
  const schedules = (books as unknown as { subscription_schedule?: Stripe.SubscriptionSchedule[] })
    .subscription_schedule;
  return {
    subscription: books.subscription.find(ofCustomer),
    invoices: books.invoice.filter(ofCustomer),
    schedules: (schedules ?? []).filter(ofCustomer),
  };
}
