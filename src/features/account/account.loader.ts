import DataLoader from 'dataloader';
import type { Account } from './account.model.ts';
import type { AccountService } from './account.service.ts';

/** Accounts by id, many in one statement. */
export function accountLoader(accounts: AccountService): DataLoader<string, Account | null> {
  return new DataLoader(async (ids) => {
    const found = new Map((await accounts.accounts(ids)).map((account) => [account.id, account]));
    return ids.map((id) => found.get(id) ?? null);
  });
}
