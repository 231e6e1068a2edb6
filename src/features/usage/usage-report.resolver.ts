import { Arg, Ctx, FieldResolver, ID, Int, Resolver, Root, Subscription } from 'type-graphql';
import { toConnection } from '../../graphql/connection.ts';
import { type GraphContext, openedBy } from '../../graphql/context.ts';
import type { RequestLoader } from '../../graphql/gathered-loader.ts';
import { invariant } from '../../platform/assert.ts';
import { AccountType } from '../account/account.type.ts';
import { accountFor } from '../account/caller.policy.ts';
import { presentPeriodLoader } from './usage.loader.ts';
import type { UsageReport } from './usage.model.ts';
import {
  DailyUsageType,
  toDailyUsage,
  toUsagePeriod,
  UsagePeriodConnectionType,
  UsagePeriodType,
} from './usage.type.ts';
import { PERIOD_CURSOR, type UsageReportService } from './usage-report.service.ts';

interface UsageChangedArgs {
  readonly accountId?: string | null;
  readonly metrics?: readonly string[] | null;
}

/** What an account used, and its changes as they happen. */
@Resolver(() => AccountType)
export class UsageReportResolver {
  readonly #reports: UsageReportService;
  readonly #present: RequestLoader<UsageReport>;

  constructor(reports: UsageReportService) {
    this.#reports = reports;
    this.#present = presentPeriodLoader(reports);
  }

  @FieldResolver(() => UsagePeriodType, { description: 'The present one.' })
  async usagePeriod(
    @Root() account: AccountType,
    @Ctx() ctx: GraphContext,
  ): Promise<UsagePeriodType> {
    const along = await this.#reports.presentPeriod(account.parts);
    const report = along ?? (await this.#present(ctx).load(account.id));
    invariant(report !== undefined, `account ${account.id} has a period`);
    return toUsagePeriod(report);
  }

  @FieldResolver(() => UsagePeriodConnectionType, {
    description: 'All since the account began, the present one first.',
  })
  async usagePeriods(
    @Root() account: AccountType,
    @Arg('first', () => Int, { nullable: true }) first?: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
  ): Promise<UsagePeriodConnectionType> {
    const page = await this.#reports.periods(account.id, { first, after });
    return toConnection(UsagePeriodConnectionType, {
      page,
      cursorKind: PERIOD_CURSOR,
      position: ({ period }) => BigInt(period.start.getTime()),
      node: toUsagePeriod,
      count: () => this.#reports.periodCount(account.id),
    });
  }

  @FieldResolver(() => [DailyUsageType], {
    description: 'The last days, today first: 30 when not said, at most 366.',
  })
  async dailyUsage(
    @Root() account: AccountType,
    @Arg('metric', () => String) metric: string,
    @Arg('days', () => Int, { nullable: true }) days?: number,
  ): Promise<DailyUsageType[]> {
    const counted = await this.#reports.dailyUsage(account.id, metric, days ?? null);
    return counted.map(toDailyUsage);
  }

  @Subscription(() => UsagePeriodType, {
    description: 'The present period, then again at every change; of these metrics, or of all.',
    subscribe: openedBy(
      () => UsageReportResolver,
      (resolver, ctx, args: UsageChangedArgs) => resolver.openStream(ctx, args),
    ),
  })
  usageChanged(
    @Root() report: UsageReport,
    @Arg('accountId', () => ID, { nullable: true }) _accountId?: string,
    @Arg('metrics', () => [String], { nullable: true }) _metrics?: string[],
  ): UsagePeriodType {
    return toUsagePeriod(report);
  }

  async openStream(ctx: GraphContext, { accountId, metrics }: UsageChangedArgs) {
    return this.#reports.watchUsage(accountFor(ctx.caller, accountId, 'read'), metrics ?? null);
  }
}
