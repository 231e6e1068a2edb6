import DataLoader from 'dataloader';
import type { AutoRecharge } from './auto-recharge.model.ts';
import type { AutoRechargeService } from './auto-recharge.service.ts';

/** Settings by account, many in one statement. */
export function autoRechargeLoader(
  autoRecharges: AutoRechargeService,
): DataLoader<string, AutoRecharge | null> {
  return new DataLoader(async (accountIds) => {
    const found = await autoRecharges.settings(accountIds);
    const byAccount = new Map(found.map((settings) => [settings.accountId, settings]));
    return accountIds.map((id) => byAccount.get(id) ?? null);
  });
}
