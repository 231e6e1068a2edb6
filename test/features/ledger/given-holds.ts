import { expect } from 'vitest';
import type { TestAccount, TestGateway } from '../../support/gateway.ts';
import {
  AdjustCreditsDocument,
  CaptureHoldDocument,
  CreateApiKeyDocument,
  HoldCreditsDocument,
  LedgerDocument,
  OverviewDocument,
  ReleaseHoldDocument,
  SpendCreditsDocument,
} from '../../support/operations.generated.ts';

let keys = 0;

/** An idempotency key that nobody has used. */
export function newKey(): string {
  keys += 1;
  return `key-${keys}`;
}

export async function held(
  account: TestAccount,
  amount: string,
  options: { expiresInSeconds?: number; idempotencyKey?: string } = {},
) {
  const { holdCredits } = await account.client.request(HoldCreditsDocument, {
    input: { amount, idempotencyKey: newKey(), ...options },
  });
  if (holdCredits.__typename !== 'HoldCreditsPayload') throw new Error(holdCredits.__typename);
  return holdCredits;
}

export async function capture(
  account: TestAccount,
  input: { holdId: string; amount?: string; usageType?: string; description?: string } & {
    idempotencyKey?: string;
  },
) {
  const { captureHold } = await account.client.request(CaptureHoldDocument, {
    input: { idempotencyKey: newKey(), ...input },
  });
  return captureHold;
}

export async function release(account: TestAccount, holdId: string) {
  return (await account.client.request(ReleaseHoldDocument, { input: { holdId } })).releaseHold;
}

export async function spend(account: TestAccount, amount: string) {
  const { spendCredits } = await account.client.request(SpendCreditsDocument, {
    input: { amount, idempotencyKey: newKey() },
  });
  expect(spendCredits.__typename).toBe('SpendCreditsPayload');
}

export async function balanceOf(account: TestAccount) {
  const { account: found } = await account.client.request(OverviewDocument);
  if (!found) throw new Error('no account');
  return found.creditBalance;
}

export async function entriesOf(account: TestAccount) {
  const { account: found } = await account.client.request(LedgerDocument);
  return (found?.creditTransactions.edges ?? []).map(({ node }) => node);
}

export async function agent(gateway: TestGateway, account: TestAccount, scope: string) {
  const { createApiKey } = await account.client.request(CreateApiKeyDocument, {
    input: { kind: 'AGENT', name: scope, scopes: [scope] },
  });
  return gateway.as(createApiKey.secret);
}

export async function give(
  gateway: TestGateway,
  account: TestAccount,
  amount: string,
  expiresAt: Date | null,
) {
  await gateway.admin.request(AdjustCreditsDocument, {
    input: {
      accountId: account.id,
      amount,
      reason: 'A gift.',
      idempotencyKey: newKey(),
      expiresAt: expiresAt?.toISOString(),
    },
  });
}

/** As the lifecycle does it when a payment has failed. */
export async function suspend(gateway: TestGateway, accountId: string): Promise<void> {
  const { accounts, clock, database, ledger } = gateway.app.services;
  await database.transaction(async (tx) => {
    const account = await accounts.lock(tx, accountId);
    await ledger.lockBalance(tx, accountId);
    const now = clock.now();
    const since = { status: 'SUSPENDED', statusSince: now, blockedAt: now } as const;
    await accounts.changeStandings(tx, [{ account, standing: { ...since, statusEndsAt: null } }]);
  });
}
