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
    const blockedAt = clock.now();
    await accounts.changeStatus(tx, account, {
      status: 'SUSPENDED',
      statusEndsAt: null,
      blockedAt,
    });
  });
}

/** What every account's rows say of one another, whatever happened. */
export async function expectSoundLedger(gateway: TestGateway, accountId: string): Promise<void> {
  const { rows } = await gateway.app.services.database.pool.query(
    `select b.total_micro = coalesce((select sum(amount_micro) from credit_transaction where account_id = $1), 0) as entries,
      b.total_micro = coalesce((select sum(remaining_micro) from credit_grant where account_id = $1), 0) as grants,
      b.held_micro = coalesce((select sum(held_micro) from credit_grant where account_id = $1), 0) as held_by_grants,
      b.held_micro = coalesce((select sum(amount_micro) from credit_hold where account_id = $1 and status = 'OPEN'), 0) as held,
      b.sequence = (select count(*) from credit_transaction where account_id = $1) as sequence,
      not exists (
        select from (
          select balance_after_micro, sum(amount_micro) over (order by sequence) as total
          from credit_transaction where account_id = $1) e where balance_after_micro <> total) as chain,
      not exists (
        select from credit_transaction e where account_id = $1 and amount_micro <> (
          select sum(amount_micro) from credit_allocation a
          where a.account_id = e.account_id and a.sequence = e.sequence)) as allocations,
      not exists (
        select from credit_hold h where account_id = $1 and (h.amount_micro, h.captured_micro) <> (
          select sum(amount_micro), sum(captured_micro) from credit_hold_allocation a
          where a.account_id = h.account_id and a.hold_id = h.id)) as hold_allocations
    from credit_balance b where account_id = $1`,
    [accountId],
  );
  expect(rows).toEqual([
    {
      entries: true,
      grants: true,
      held_by_grants: true,
      held: true,
      sequence: true,
      chain: true,
      allocations: true,
      hold_allocations: true,
    },
  ]);
}
