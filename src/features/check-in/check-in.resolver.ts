import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { type GraphContext, perRequest } from '../../graphql/context.ts';
import { orRefusal } from '../../graphql/refusal.ts';
import {
  AccountType,
  accountBlockedRefusal,
  notAllowedNowRefusal,
} from '../account/account.type.ts';
import { accountFor, requireAdmin } from '../account/caller.policy.ts';
import { toCreditBalance, toCreditTransaction } from '../ledger/ledger.type.ts';
import { lastCheckInLoader } from './check-in.loader.ts';
import type { CheckInReceipt, CheckInService } from './check-in.service.ts';
import {
  alreadyCheckedInRefusal,
  CheckInConfigType,
  CheckInInput,
  CheckInPayload,
  CheckInResult,
  CheckInStatusType,
  toCheckInConfig,
  UpdateCheckInConfigInput,
} from './check-in.type.ts';

const REFUSALS = [alreadyCheckedInRefusal, notAllowedNowRefusal, accountBlockedRefusal] as const;

@Resolver(() => AccountType)
export class CheckInResolver {
  readonly #checkIns: CheckInService;
  readonly #last = perRequest(() => lastCheckInLoader(this.#checkIns));

  constructor(checkIns: CheckInService) {
    this.#checkIns = checkIns;
  }

  @Mutation(() => CheckInResult, {
    name: 'checkIn',
    description: "Credits for coming back, once per day of the account's time zone.",
  })
  checkInForToday(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => CheckInInput) input: CheckInInput,
  ): Promise<typeof CheckInResult> {
    const checkIn = async () =>
      this.#checkIns.checkIn(accountFor(ctx.caller, input.accountId, 'checkIn'));
    return orRefusal(checkIn().then(toPayload), REFUSALS);
  }

  @Query(() => CheckInConfigType, { description: 'Administrators: what check-in gives.' })
  async checkInConfig(@Ctx() ctx: GraphContext): Promise<CheckInConfigType> {
    requireAdmin(ctx.caller);
    return toCheckInConfig(await this.#checkIns.settings());
  }

  @Mutation(() => CheckInConfigType, {
    description:
      'Administrators: changes what check-in gives from now on. The catalogue file no longer decides after that.',
  })
  async updateCheckInConfig(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => UpdateCheckInConfigInput) input: UpdateCheckInConfigInput,
  ): Promise<CheckInConfigType> {
    requireAdmin(ctx.caller);
    const settings = await this.#checkIns.changeSettings({
      enabled: input.enabled ?? undefined,
      creditsMicro: input.credits ?? undefined,
      streakBonuses: input.streakBonuses?.map(({ days, credits }) => ({
        days,
        creditsMicro: credits,
      })),
      expiresAfterDays: input.expiresAfterDays,
    });
    return toCheckInConfig(settings);
  }

  @FieldResolver(() => CheckInStatusType)
  async checkIn(
    @Root() account: AccountType,
    @Ctx() ctx: GraphContext,
  ): Promise<CheckInStatusType> {
    return this.#checkIns.statusOf(account, await this.#last(ctx).load(account.id));
  }
}

function toPayload({ transaction, balance, status }: CheckInReceipt): CheckInPayload {
  return Object.assign(new CheckInPayload(), {
    transaction: toCreditTransaction(transaction),
    balance: toCreditBalance(balance),
    streak: status.streak,
    nextAt: status.nextAt,
  });
}
