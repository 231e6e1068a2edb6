import DataLoader from 'dataloader';
import type { CreditAllocation, CreditBalance, CreditGrant } from './ledger.model.ts';
import type { LedgerService } from './ledger.service.ts';
import type { LedgerHistoryService } from './ledger-history.service.ts';

interface EntryKey {
  readonly accountId: string;
  readonly sequence: bigint;
}

/** Balances by account, many in one statement. */
export function balanceLoader(ledger: LedgerService): DataLoader<string, CreditBalance | null> {
  return new DataLoader(async (accountIds) => {
    const found = new Map(
      (await ledger.balances(accountIds)).map((balance) => [balance.accountId, balance]),
    );
    return accountIds.map((id) => found.get(id) ?? null);
  });
}

/** The allocations of entries, many entries in one statement. */
export function allocationLoader(
  history: LedgerHistoryService,
): DataLoader<EntryKey, CreditAllocation[], string> {
  const keyOf = (entry: EntryKey) => `${entry.accountId}-${entry.sequence}`;
  return new DataLoader(
    async (entries) => {
      const byEntry = Map.groupBy(await history.allocations(entries), keyOf);
      return entries.map((entry) => byEntry.get(keyOf(entry)) ?? []);
    },
    { cacheKeyFn: keyOf },
  );
}

/** Grants by id, many in one statement. */
export function grantLoader(history: LedgerHistoryService): DataLoader<string, CreditGrant | null> {
  return new DataLoader(async (ids) => {
    const found = new Map((await history.grantsById(ids)).map((grant) => [grant.id, grant]));
    return ids.map((id) => found.get(id) ?? null);
  });
}
