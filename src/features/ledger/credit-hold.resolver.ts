import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { GraphContext } from '../../graphql/context.ts';
import { orRefusal } from '../../graphql/refusal.ts';
import {
  accountBlockedRefusal,
  idempotencyConflictRefusal,
  notAllowedNowRefusal,
} from '../account/account.type.ts';
import { accountFor } from '../account/caller.policy.ts';
import type { HoldReceipt } from './credit-hold.model.ts';
import type { CreditHoldService } from './credit-hold.service.ts';
import {
  CaptureHoldInput,
  CaptureHoldPayload,
  CaptureHoldResult,
  HoldCreditsInput,
  HoldCreditsPayload,
  HoldCreditsResult,
  ReleaseHoldInput,
  ReleaseHoldPayload,
  ReleaseHoldResult,
  toCreditHold,
} from './credit-hold.type.ts';
import { toCreditBalance, toCreditTransaction } from './ledger.type.ts';
import { insufficientCreditsRefusal } from './ledger-result.type.ts';

const HOLD_REFUSALS = [
  insufficientCreditsRefusal,
  accountBlockedRefusal,
  idempotencyConflictRefusal,
] as const;
const CAPTURE_REFUSALS = [notAllowedNowRefusal, idempotencyConflictRefusal] as const;

@Resolver()
export class CreditHoldResolver {
  readonly #holds: CreditHoldService;

  constructor(holds: CreditHoldService) {
    this.#holds = holds;
  }

  @Mutation(() => HoldCreditsResult, {
    description:
      'Sets credits aside for work in progress: all of the amount or nothing, once per idempotency key.',
  })
  holdCredits(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => HoldCreditsInput) input: HoldCreditsInput,
  ): Promise<typeof HoldCreditsResult> {
    const hold = async () =>
      this.#holds.holdCredits({
        accountId: accountFor(ctx.caller, input.accountId, 'spend'),
        amountMicro: input.amount,
        expiresInSeconds: input.expiresInSeconds ?? null,
        idempotencyKey: input.idempotencyKey,
      });
    const shown = hold().then((receipt) => show(HoldCreditsPayload, receipt));
    return orRefusal(shown, HOLD_REFUSALS);
  }

  @Mutation(() => CaptureHoldResult, {
    description: 'Spends what a hold set aside, or a part of it; the rest is given back.',
  })
  captureHold(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => CaptureHoldInput) input: CaptureHoldInput,
  ): Promise<typeof CaptureHoldResult> {
    const capture = async () => {
      const { transaction, ...receipt } = await this.#holds.captureHold({
        accountId: accountFor(ctx.caller, input.accountId, 'spend'),
        holdId: input.holdId,
        amountMicro: input.amount ?? null,
        usageType: input.usageType ?? null,
        description: input.description ?? null,
        idempotencyKey: input.idempotencyKey,
      });
      const payload = show(CaptureHoldPayload, receipt);
      return Object.assign(payload, { transaction: toCreditTransaction(transaction) });
    };
    return orRefusal(capture(), CAPTURE_REFUSALS);
  }

  @Mutation(() => ReleaseHoldResult, {
    description: "Gives a hold's credits back. Releasing again changes nothing.",
  })
  releaseHold(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => ReleaseHoldInput) input: ReleaseHoldInput,
  ): Promise<typeof ReleaseHoldResult> {
    const release = async () =>
      this.#holds.releaseHold(accountFor(ctx.caller, input.accountId, 'spend'), input.holdId);
    const shown = release().then((receipt) => show(ReleaseHoldPayload, receipt));
    return orRefusal(shown, [notAllowedNowRefusal]);
  }
}

function show<Payload extends object>(type: new () => Payload, receipt: HoldReceipt): Payload {
  return Object.assign(new type(), {
    hold: toCreditHold(receipt.hold),
    balance: toCreditBalance(receipt.balance),
  });
}
