import { gatheredLoader, type RequestLoader } from '../../graphql/gathered-loader.ts';
import type { UsageReport } from './usage.model.ts';
import type { UsageReportService } from './usage-report.service.ts';

/** The present period of accounts, many in one statement. */
export function presentPeriodLoader(reports: UsageReportService): RequestLoader<UsageReport> {
  return gatheredLoader(async (accountIds) => {
    const found = await reports.presentPeriods(accountIds);
    return new Map(found.map((report) => [report.accountId, report]));
  });
}
