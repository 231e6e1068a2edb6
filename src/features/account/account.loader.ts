import { gatheredLoader, type RequestLoader } from '../../graphql/gathered-loader.ts';
import type { Account } from './account.model.ts';
import type { AccountService } from './account.service.ts';

/** Accounts by id, many in one statement. */
export function accountLoader(accounts: AccountService): RequestLoader<Account> {
  return gatheredLoader(async (ids) => {
    const found = await accounts.accounts(ids);
    return new Map(found.map((account) => [account.id, account]));
  });
}
