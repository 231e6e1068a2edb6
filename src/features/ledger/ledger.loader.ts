import { gatheredLoader, type RequestLoader } from '../../graphql/gathered-loader.ts';
import type { CreditAllocation, CreditBalance, CreditGrant } from './ledger.model.ts';
import type { LedgerService } from './ledger.service.ts';
import type { LedgerHistoryService } from './ledger-history.service.ts';

interface EntryKey {
  readonly accountId: string;
  readonly sequence: bigint;
}

/** Balances by account, many in one statement. */
export function balanceLoader(ledger: LedgerService): RequestLoader<CreditBalance> {
  return gatheredLoader(async (accountIds) => {
    const balances = await ledger.balances(accountIds);
    return new Map(balances.map((balance) => [balance.accountId, balance]));
  });
}

/** What `allocationLoader` knows an entry by. */
export function entryName({ accountId, sequence }: EntryKey): string {
  return `${accountId}/${sequence}`;
}

/** The allocations of entries by their names, many entries in one statement. */
export function allocationLoader(
  history: LedgerHistoryService,
): RequestLoader<readonly CreditAllocation[]> {
  return gatheredLoader(async (names) => {
    const entries = names.map((name) => {
      const [accountId = '', sequence = ''] = name.split('/');
      return { accountId, sequence: BigInt(sequence) };
    });
    return Map.groupBy(await history.allocations(entries), entryName);
  });
}

/** Grants by id, many in one statement. */
export function grantLoader(history: LedgerHistoryService): RequestLoader<CreditGrant> {
  return gatheredLoader(async (ids) => {
    const grants = await history.grantsById(ids);
    return new Map(grants.map((grant) => [grant.id, grant]));
  });
}
