import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { type GraphContext, perRequest } from '../../graphql/context.ts';
import { orRefusal } from '../../graphql/refusal.ts';
import { AccountType, notAllowedNowRefusal, toAccount } from '../account/account.type.ts';
import { accountFor } from '../account/caller.policy.ts';
import { autoRechargeLoader } from './auto-recharge.loader.ts';
import type { AutoRechargeService } from './auto-recharge.service.ts';
import {
  AutoRechargeType,
  SetAutoRechargeInput,
  SetAutoRechargePayload,
  SetAutoRechargeResult,
  toAutoRecharge,
} from './auto-recharge.type.ts';

@Resolver(() => AccountType)
export class AutoRechargeResolver {
  readonly #autoRecharges: AutoRechargeService;
  readonly #loader = perRequest(() => autoRechargeLoader(this.#autoRecharges));

  constructor(autoRecharges: AutoRechargeService) {
    this.#autoRecharges = autoRecharges;
  }

  @FieldResolver(() => AutoRechargeType, {
    nullable: true,
    description: 'Null until it is set for the first time.',
  })
  async autoRecharge(
    @Root() account: AccountType,
    @Ctx() ctx: GraphContext,
  ): Promise<AutoRechargeType | null> {
    const settings = await this.#loader(ctx).load(account.id);
    return settings === null ? null : toAutoRecharge(settings);
  }

  @Mutation(() => SetAutoRechargeResult, {
    description: 'Tops the account up by itself, from its saved card, when its balance falls.',
  })
  setAutoRecharge(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => SetAutoRechargeInput) input: SetAutoRechargeInput,
  ): Promise<typeof SetAutoRechargeResult> {
    const accountId = accountFor(ctx.caller, input.accountId, 'manage');
    const set = this.#autoRecharges.set({
      accountId,
      isEnabled: input.enabled,
      thresholdMicro: input.threshold ?? undefined,
      amountMinor: minor(input.amountMinorUnits) ?? undefined,
      monthlyCapMinor: minor(input.monthlyCapMinorUnits),
    });
    return orRefusal(
      set.then((account) =>
        Object.assign(new SetAutoRechargePayload(), { account: toAccount(account) }),
      ),
      [notAllowedNowRefusal],
    );
  }
}

/** Null and nothing at all mean different things. */
function minor(units: number | null | undefined): bigint | null | undefined {
  return typeof units === 'number' ? BigInt(units) : units;
}
