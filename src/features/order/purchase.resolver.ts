import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { GraphContext } from '../../graphql/context.ts';
import { orRefusal } from '../../graphql/refusal.ts';
import { InvalidInput } from '../../platform/errors.ts';
import { NotAllowedNow } from '../account/account.errors.ts';
import {
  accountBlockedRefusal,
  idempotencyConflictRefusal,
  notAllowedNowRefusal,
} from '../account/account.type.ts';
import { accountFor } from '../account/caller.policy.ts';
import { planNotAvailableRefusal } from '../catalog/plan-not-available.type.ts';
import { couponNotApplicableRefusal } from '../coupon/coupon.type.ts';
import { channelUnsupportedRefusal } from '../payment-method/payment-refusal.type.ts';
import type { Order } from './order.model.ts';
import { toOrder } from './order.type.ts';
import type { PurchaseService } from './purchase.service.ts';
import {
  CreateCheckoutInput,
  CreateCheckoutPayload,
  CreateCheckoutResult,
  RechargeInput,
  RechargePayload,
  RechargeResult,
} from './purchase.type.ts';

const RECHARGE_REFUSALS = [
  notAllowedNowRefusal,
  couponNotApplicableRefusal,
  channelUnsupportedRefusal,
  accountBlockedRefusal,
  idempotencyConflictRefusal,
] as const;
const CHECKOUT_REFUSALS = [...RECHARGE_REFUSALS, planNotAvailableRefusal] as const;

@Resolver()
export class PurchaseResolver {
  readonly #purchases: PurchaseService;

  constructor(purchases: PurchaseService) {
    this.#purchases = purchases;
  }

  @Mutation(() => CreateCheckoutResult, {
    description: "Opens a provider's hosted page on which a plan is bought.",
  })
  createCheckout(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => CreateCheckoutInput) input: CreateCheckoutInput,
  ): Promise<typeof CreateCheckoutResult> {
    const { planSlug = null, planId = null, priceId = null, interval = null } = input;
    const buy = async () =>
      this.#purchases.createCheckout({
        ...purchaseOf(ctx, input),
        planSlug,
        planId,
        priceId,
        interval,
      });
    return orRefusal(
      buy().then((order) => Object.assign(new CreateCheckoutPayload(), payloadOf(order))),
      CHECKOUT_REFUSALS,
    );
  }

  @Mutation(() => RechargeResult, {
    description: "Opens a provider's hosted page on which credits are bought.",
  })
  recharge(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => RechargeInput) input: RechargeInput,
  ): Promise<typeof RechargeResult> {
    const { amountMinorUnits = null, packageId = null } = input;
    if (amountMinorUnits !== null && amountMinorUnits <= 0) {
      throw new InvalidInput('amountMinorUnits', 'must be more than zero.');
    }
    const amountMinor = amountMinorUnits === null ? null : BigInt(amountMinorUnits);
    const buy = async () =>
      this.#purchases.recharge({ ...purchaseOf(ctx, input), amountMinor, packageId });
    return orRefusal(
      buy().then((order) => Object.assign(new RechargePayload(), payloadOf(order))),
      RECHARGE_REFUSALS,
    );
  }
}

function purchaseOf(ctx: GraphContext, input: CreateCheckoutInput | RechargeInput) {
  const { channel = null, couponCode = null, successUrl, cancelUrl, idempotencyKey } = input;
  const accountId = accountFor(ctx.caller, input.accountId, 'buy');
  return { accountId, channel, couponCode, successUrl, cancelUrl, idempotencyKey };
}

/** A key that is used again finds the same page, paid or expired as it may be; an order that failed may have none. */
function payloadOf(order: Order) {
  if (order.checkoutUrl === null) {
    throw new NotAllowedNow(
      `The order of this idempotency key is ${order.status}: it has no page.`,
    );
  }
  return { order: toOrder(order), checkoutUrl: order.checkoutUrl };
}
