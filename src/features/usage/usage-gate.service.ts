import { assertNever } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import { InvalidInput } from '../../platform/errors.ts';
import { AccountBlocked } from '../account/account.errors.ts';
import { canDeploy } from '../account/account.policy.ts';
import type { AccountService } from '../account/account.service.ts';
import { UsageLimitExceeded } from './usage.errors.ts';
import type { UsageCheck } from './usage.model.ts';
import type { UsageService } from './usage.service.ts';
import type { UsageReportService } from './usage-report.service.ts';

interface UsageGateServiceNeeds {
  readonly clock: Clock;
  readonly accounts: AccountService;
  readonly usage: UsageService;
  readonly usageReports: UsageReportService;
}

/** What somebody wants to go through the gate for. */
export interface Passage {
  readonly accountId: string;
  /** Something new is to be deployed. */
  readonly deploys: boolean;
  /** What is to be used; null: only the account's status is asked for. */
  readonly use: { readonly metric: string; readonly quantity: bigint } | null;
  /** The key under which the use is counted; null: it is only asked for. */
  readonly recordedAs: string | null;
}

/** The one question that a product's middleware asks before it does something. */
export class UsageGateService {
  readonly #needs: UsageGateServiceNeeds;

  constructor(needs: UsageGateServiceNeeds) {
    this.#needs = needs;
  }

  /**
   * Lets through what the account's status and limits allow now, and counts it when asked to. Throws UsageLimitExceeded,
   * AccountBlocked, IdempotencyConflict, InvalidInput, NotFound.
   */
  async letThrough({ accountId, deploys, use, recordedAs }: Passage): Promise<void> {
    if (deploys) await this.#checkDeployment(accountId);
    if (use === null) return;
    if (recordedAs !== null) {
      const event = { ...use, accountId, occurredAt: null, idempotencyKey: recordedAs };
      await this.#needs.usage.recordUsage(event);
      return;
    }
    const check = await this.#needs.usageReports.checkUsage(accountId, use.metric, use.quantity);
    refuseObstacle(check);
  }

  async #checkDeployment(accountId: string): Promise<void> {
    const account = await this.#needs.accounts.account(accountId);
    if (!canDeploy(account, this.#needs.clock.now())) throw new AccountBlocked(account.status);
  }
}

function refuseObstacle({ obstacle, counter, quantity, status }: UsageCheck): void {
  switch (obstacle) {
    case null:
      return;
    case 'ACCOUNT_BLOCKED':
      throw new AccountBlocked(status);
    case 'USAGE_LIMIT_EXCEEDED':
      throw new UsageLimitExceeded(counter, counter.used + quantity, counter.limit.units ?? 0n);
    case 'BELOW_ZERO':
      throw new InvalidInput('quantity', `would take ${counter.metric} below zero.`);
    default:
      assertNever(obstacle);
  }
}
