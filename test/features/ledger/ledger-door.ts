import { expect } from 'vitest';
import type { TestAccount, TestGateway } from '../../support/gateway.ts';
import type { GraphClient } from '../../support/graph-client.ts';
import { AdjustCreditsDocument } from '../../support/operations.generated.ts';

type Answer = ReturnType<GraphClient['send']>;

/** The one error of an answer that has no other. */
export async function refusalOf(answer: Answer) {
  const { errors, status } = await answer;
  expect(errors).toHaveLength(1);
  const [{ message, extensions } = { message: '', extensions: { code: '' } }] = errors;
  return {
    status,
    code: extensions.code,
    message,
    field: 'field' in extensions && extensions.field,
  };
}

const SPEND = `mutation ($input: SpendCreditsInput!) {
  spendCredits(input: $input) {
    __typename
    ... on SpendCreditsPayload {
      transaction { id sequence metadata description usageType idempotencyKey allocations { amount } }
    }
    ... on BillingError { code message }
  }
}`;

let keys = 0;
const nextKey = () => {
  keys += 1;
  return `key-${keys}`;
};

/** Spends one credit with a key of its own, but for what is said; whatever is said. */
export function spendWith(input: object, client: GraphClient): Answer {
  const variables = { input: { amount: '1', idempotencyKey: nextKey(), ...input } };
  return client.post({ query: SPEND, variables });
}

/** As `spendWith`: gives one credit. */
export function adjustWith(
  input: object,
  {
    gateway,
    account,
    client = gateway.admin,
  }: { gateway: TestGateway; account: TestAccount; client?: GraphClient },
): Answer {
  const whole = {
    accountId: account.id,
    amount: '1',
    reason: 'Because.',
    idempotencyKey: nextKey(),
    ...input,
  };
  return client.send(AdjustCreditsDocument, { input: whole });
}
