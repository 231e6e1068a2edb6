import DataLoader from 'dataloader';
import type { CheckIn } from './check-in.model.ts';
import type { CheckInService } from './check-in.service.ts';

/** The last check-ins of accounts, many in one statement. */
export function lastCheckInLoader(checkIns: CheckInService): DataLoader<string, CheckIn | null> {
  return new DataLoader(async (accountIds) => {
    const last = await checkIns.latest(accountIds);
    const found = new Map(last.map((checkIn) => [checkIn.accountId, checkIn]));
    return accountIds.map((id) => found.get(id) ?? null);
  });
}
