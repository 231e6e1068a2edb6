import DataLoader from 'dataloader';
import type { UsageReport } from './usage.model.ts';
import type { UsageReportService } from './usage-report.service.ts';

/** The present period of accounts, many in one statement. */
export function presentPeriodLoader(
  reports: UsageReportService,
): DataLoader<string, UsageReport | null> {
  return new DataLoader(async (accountIds) => {
    const found = await reports.presentPeriods(accountIds);
    const byAccount = new Map(found.map((report) => [report.accountId, report]));
    return accountIds.map((id) => byAccount.get(id) ?? null);
  });
}
