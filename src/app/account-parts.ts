import type { AccountPart } from '../features/account/account-parts.model.ts';
import { AccountPartsService } from '../features/account/account-parts.service.ts';
import { AccountPartsStore } from '../features/account/account-parts.store.ts';
import { BALANCE_PART } from '../features/ledger/ledger.store.ts';
import { ENTRIES_PART } from '../features/ledger/ledger-page.store.ts';
import { SUBSCRIPTION_PART } from '../features/subscription/subscription.store.ts';
import type { UsageReportService } from '../features/usage/usage-report.service.ts';

import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/database.ts';

/** Reads accounts together with what features keep of them, once these are added. */
export function partsOfAccounts(database: Database, clock: Clock): AccountPartsService {
  return new AccountPartsService(new AccountPartsStore(database, clock), clock);
}

/** What features keep of an account that can be read along with it. */
export function accountParts(usageReports: UsageReportService): AccountPart<unknown>[] {
  return [SUBSCRIPTION_PART, BALANCE_PART, ENTRIES_PART, usageReports.presentPart];
}
