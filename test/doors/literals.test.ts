import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
let account: TestAccount;
beforeAll(async () => {
  gateway = await startGateway();
  account = await gateway.createAccount({ credits: '10' });
});
afterAll(() => gateway.close());

it.each([
  `mutation { recharge(input: { amountMinorUnits: 1500, successUrl: "http://localhost:3000/a", cancelUrl: "http://localhost:3000/b",
    idempotencyKey: "literal" }) { ... on RechargePayload { checkoutUrl order { id } } } }`,
  `mutation ($to: URL = "http://localhost:3000/c") { createPortalSession(input: { returnUrl: $to }) { __typename } }`,
  `mutation { spendCredits(input: { amount: "2.5", idempotencyKey: "literal", metadata: { at: "x", n: 1 } }) {
    ... on SpendCreditsPayload { transaction { amount metadata } } } }`,
  `mutation { spendCredits(input: { amount: 2, idempotencyKey: "whole" }) { ... on SpendCreditsPayload { transaction { amount } } } }`,
  `mutation { recordUsage(input: { metric: "apiCalls", quantity: 1, occurredAt: "${new Date().toISOString()}", idempotencyKey: "literal" }) {
    ... on RecordUsagePayload { counter { used } } } }`,
])('a document with literals answers the same however often it comes: %s', async (query) => {
  const first = await account.client.post({ query });
  expect(first.errors).toEqual([]);
  for (let time = 2; time <= 5; time += 1)
    expect((await account.client.post({ query })).data).toEqual(first.data);
});
