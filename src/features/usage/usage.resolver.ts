import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import type { GraphContext } from '../../graphql/context.ts';
import { orRefusal, type Refusal } from '../../graphql/refusal.ts';
import { SafeIntScalar } from '../../graphql/scalars.ts';
import type { DomainError } from '../../platform/errors.ts';
import { accountFor } from '../account/caller.policy.ts';
import type { UsageCounter } from './usage.model.ts';
import type { UsageService } from './usage.service.ts';
import { toUsageCheck, toUsageCounter, UsageCheckType } from './usage.type.ts';
import type { UsageReportService } from './usage-report.service.ts';
import {
  BATCH_REFUSALS,
  RECORD_REFUSALS,
  RecordUsageBatchInput,
  RecordUsageBatchResultType,
  RecordUsageInput,
  RecordUsagePayload,
  RecordUsageResult,
  type UsageEventInput,
} from './usage-result.type.ts';

@Resolver()
export class UsageResolver {
  readonly #usage: UsageService;
  readonly #reports: UsageReportService;

  constructor(usage: UsageService, reports: UsageReportService) {
    this.#usage = usage;
    this.#reports = reports;
  }

  @Mutation(() => RecordUsageResult, {
    description:
      'Counts an event, once per idempotency key: all of it, or nothing where it would pass a HARD limit.',
  })
  recordUsage(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => RecordUsageInput) input: RecordUsageInput,
  ): Promise<typeof RecordUsageResult> {
    const record = async () =>
      this.#usage.recordUsage({
        ...toEvent(input),
        accountId: accountFor(ctx.caller, input.accountId, 'record'),
      });
    return orRefusal(record().then(toPayload), RECORD_REFUSALS);
  }

  @Mutation(() => RecordUsageBatchResultType, {
    description: 'Counts up to 500 events of one account; each has its own outcome.',
  })
  async recordUsageBatch(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => RecordUsageBatchInput) input: RecordUsageBatchInput,
  ): Promise<RecordUsageBatchResultType> {
    const accountId = accountFor(ctx.caller, input.accountId, 'record');
    const outcomes = await this.#usage.recordUsageBatch(accountId, input.events.map(toEvent));
    return Object.assign(new RecordUsageBatchResultType(), { results: outcomes.map(toResult) });
  }

  @Query(() => UsageCheckType, {
    description: 'Asks without counting. Needs the scope usage:record.',
  })
  async checkUsage(
    @Ctx() ctx: GraphContext,
    @Arg('metric', () => String) metric: string,
    @Arg('accountId', () => ID, { nullable: true }) accountId?: string,
    @Arg('quantity', () => SafeIntScalar, { nullable: true, description: '1 when not given.' })
    quantity?: number,
  ): Promise<UsageCheckType> {
    const account = accountFor(ctx.caller, accountId, 'record');
    return toUsageCheck(await this.#reports.checkUsage(account, metric, BigInt(quantity ?? 1)));
  }
}

function toEvent({ metric, quantity, occurredAt, idempotencyKey }: UsageEventInput) {
  return { metric, quantity: BigInt(quantity), occurredAt: occurredAt ?? null, idempotencyKey };
}

function toPayload(counter: UsageCounter): RecordUsagePayload {
  return Object.assign(new RecordUsagePayload(), { counter: toUsageCounter(counter) });
}

function toResult(outcome: UsageCounter | DomainError): typeof RecordUsageResult {
  if (!(outcome instanceof Error)) return toPayload(outcome);
  const refusals: readonly Refusal<typeof RecordUsageResult>[] = BATCH_REFUSALS;
  const known = refusals.find(({ of }) => outcome instanceof of);
  if (known === undefined) throw outcome;
  return known.show(outcome as never);
}
