import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import type { GraphContext } from '../../graphql/context.ts';
import { IntervalEnum } from '../../graphql/enums.ts';
import { orRefusal } from '../../graphql/refusal.ts';
import { type DomainError, InvalidInput } from '../../platform/errors.ts';
import type { Interval } from '../../platform/money.ts';
import { NotAllowedNow } from '../account/account.errors.ts';
import { idempotencyConflictRefusal, notAllowedNowRefusal } from '../account/account.type.ts';
import { accountFor } from '../account/caller.policy.ts';
import { PlanNotAvailable } from '../catalog/catalog.errors.ts';
import { planNotAvailableRefusal } from '../catalog/plan-not-available.type.ts';
import { ChannelUnsupported } from '../payment-method/payment-method.errors.ts';
import {
  channelUnsupportedRefusal,
  paymentDeclinedRefusal,
} from '../payment-method/payment-refusal.type.ts';
import type { PlanChangeService } from './plan-change.service.ts';
import type { PlanChangeQuoteService } from './plan-change-quote.service.ts';
import type { PortalService } from './portal.service.ts';
import { toPlanSubscription } from './subscription.type.ts';
import {
  CancelSubscriptionInput,
  CancelSubscriptionPayload,
  CancelSubscriptionResult,
  ChangePlanInput,
  ChangePlanPayload,
  ChangePlanResult,
  CreatePortalSessionInput,
  CreatePortalSessionPayload,
  CreatePortalSessionResult,
  PlanChangePreview,
  quoteExpiredRefusal,
  ResumeSubscriptionInput,
  ResumeSubscriptionPayload,
  ResumeSubscriptionResult,
  toPlanChangePreview,
} from './subscription-change.type.ts';
import type { SubscriptionEndingService } from './subscription-ending.service.ts';

const PORTAL_REFUSALS = [channelUnsupportedRefusal, notAllowedNowRefusal] as const;
const CHANGE_REFUSALS = [
  quoteExpiredRefusal,
  paymentDeclinedRefusal,
  planNotAvailableRefusal,
  channelUnsupportedRefusal,
  notAllowedNowRefusal,
  idempotencyConflictRefusal,
] as const;
const ENDING_REFUSALS = [notAllowedNowRefusal] as const;

interface Services {
  readonly portal: PortalService;
  readonly quotes: PlanChangeQuoteService;
  readonly planChanger: PlanChangeService;
  readonly endings: SubscriptionEndingService;
}

/** What an account does with the subscription that it has. */
@Resolver()
export class SubscriptionChangeResolver {
  readonly #services: Services;

  constructor(services: Services) {
    this.#services = services;
  }

  @Query(() => PlanChangePreview, { description: 'What a change of plan would cost and bring.' })
  async previewPlanChange(
    @Ctx() ctx: GraphContext,
    @Arg('accountId', () => ID, { nullable: true }) accountId: string | null,
    @Arg('planSlug', () => String) planSlug: string,
    @Arg('interval', () => IntervalEnum) interval: Interval,
  ): Promise<PlanChangePreview> {
    const id = accountFor(ctx.caller, accountId, 'change');
    try {
      return toPlanChangePreview(await this.#services.quotes.preview(id, planSlug, interval));
    } catch (error) {
      throw asMistake(error);
    }
  }

  @Mutation(() => CreatePortalSessionResult, {
    description: "Opens the provider's own pages about plan, cards and invoices.",
  })
  createPortalSession(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => CreatePortalSessionInput) input: CreatePortalSessionInput,
  ): Promise<typeof CreatePortalSessionResult> {
    const { returnUrl, channel = null } = input;
    const open = async () => {
      const accountId = accountFor(ctx.caller, input.accountId, 'buy');
      const url = await this.#services.portal.createPortalSession({
        accountId,
        returnUrl,
        channel,
      });
      return Object.assign(new CreatePortalSessionPayload(), { url });
    };
    return orRefusal(open(), PORTAL_REFUSALS);
  }

  @Mutation(() => ChangePlanResult, {
    description:
      'Upwards at once, if the difference can be charged; downwards at the period’s end.',
  })
  changePlan(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => ChangePlanInput) input: ChangePlanInput,
  ): Promise<typeof ChangePlanResult> {
    const { planSlug, interval, quoteId = null, idempotencyKey } = input;
    const change = async () => {
      const accountId = accountFor(ctx.caller, input.accountId, 'change');
      const wish = { accountId, planSlug, interval, quoteId, idempotencyKey };
      const { subscription, effectiveAt } = await this.#services.planChanger.changePlan(wish);
      return Object.assign(new ChangePlanPayload(), {
        subscription: toPlanSubscription(subscription),
        effectiveAt,
      });
    };
    return orRefusal(change(), CHANGE_REFUSALS);
  }

  @Mutation(() => CancelSubscriptionResult, {
    description: 'Ends the subscription with its period, or at once.',
  })
  cancelSubscription(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => CancelSubscriptionInput) input: CancelSubscriptionInput,
  ): Promise<typeof CancelSubscriptionResult> {
    const { atPeriodEnd, reason = null } = input;
    const cancel = async () => {
      const accountId = accountFor(ctx.caller, input.accountId, 'change');
      const ending = await this.#services.endings.cancel(accountId, atPeriodEnd ?? true, reason);
      return Object.assign(new CancelSubscriptionPayload(), {
        subscription: toPlanSubscription(ending),
        cancelAt: ending.endedAt ?? ending.cancelAt ?? ending.currentPeriodEnd ?? ending.updatedAt,
      });
    };
    return orRefusal(cancel(), ENDING_REFUSALS);
  }

  @Mutation(() => ResumeSubscriptionResult, {
    description: 'Takes back that the subscription ends with its period.',
  })
  resumeSubscription(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => ResumeSubscriptionInput) input: ResumeSubscriptionInput,
  ): Promise<typeof ResumeSubscriptionResult> {
    const resume = async () => {
      const accountId = accountFor(ctx.caller, input.accountId, 'change');
      const resumed = await this.#services.endings.resume(accountId);
      const subscription = toPlanSubscription(resumed);
      return Object.assign(new ResumeSubscriptionPayload(), { subscription });
    };
    return orRefusal(resume(), ENDING_REFUSALS);
  }
}

/** A query has no union: what cannot be previewed is a mistake in what was asked. */
function asMistake(error: unknown): unknown {
  const isRefusal = [NotAllowedNow, PlanNotAvailable, ChannelUnsupported].some(
    (type) => error instanceof type,
  );
  if (!isRefusal) return error;
  return new InvalidInput('planSlug', `cannot be changed to. ${(error as DomainError).message}`);
}
