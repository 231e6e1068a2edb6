import { Arg, Ctx, Int, Mutation, Query, Resolver } from 'type-graphql';
import { toConnection } from '../../graphql/connection.ts';
import type { GraphContext } from '../../graphql/context.ts';
import { orRefusal } from '../../graphql/refusal.ts';
import { InvalidInput } from '../../platform/errors.ts';
import { accountBlockedRefusal, idempotencyConflictRefusal } from '../account/account.type.ts';
import { accountFor, requireAdmin } from '../account/caller.policy.ts';
import type { Catalogue } from '../catalog/catalog.model.ts';
import { toCreditBalance, toCreditTransaction } from '../ledger/ledger.type.ts';
import { COUPON_CURSOR, type CouponChange, type NewCoupon } from './coupon.model.ts';
import { codeOf } from './coupon.policy.ts';
import type { CouponService } from './coupon.service.ts';
import {
  CouponConnectionType,
  CouponType,
  couponNotApplicableRefusal,
  RedeemCouponInput,
  RedeemCouponPayload,
  RedeemCouponResult,
  toCoupon,
} from './coupon.type.ts';
import { CreateCouponInput, UpdateCouponInput } from './coupon-input.type.ts';
import type { CouponRedemptionService } from './coupon-redemption.service.ts';

const REFUSALS = [
  couponNotApplicableRefusal,
  accountBlockedRefusal,
  idempotencyConflictRefusal,
] as const;

interface CouponResolverNeeds {
  readonly coupons: CouponService;
  readonly couponRedemptions: CouponRedemptionService;
  readonly catalogue: Catalogue;
}

@Resolver()
export class CouponResolver {
  readonly #needs: CouponResolverNeeds;

  constructor(needs: CouponResolverNeeds) {
    this.#needs = needs;
  }

  @Query(() => CouponConnectionType, { description: 'Administrators: newest first.' })
  async coupons(
    @Ctx() ctx: GraphContext,
    @Arg('first', () => Int, { nullable: true }) first?: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
  ): Promise<CouponConnectionType> {
    requireAdmin(ctx.caller);
    return toConnection(CouponConnectionType, {
      page: await this.#needs.coupons.coupons({ first, after }),
      cursorKind: COUPON_CURSOR,
      position: (coupon) => coupon.id,
      node: toCoupon,
      count: () => this.#needs.coupons.couponCount(),
    });
  }

  @Mutation(() => CouponType, { description: 'Administrators: makes a coupon.' })
  async createCoupon(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => CreateCouponInput) input: CreateCouponInput,
  ): Promise<CouponType> {
    requireAdmin(ctx.caller);
    const { currency } = this.#needs.catalogue;
    return toCoupon(await this.#needs.coupons.create(newCoupon(input, currency)));
  }

  @Mutation(() => CouponType, {
    description: 'Administrators: changes limits, or switches a coupon off or on.',
  })
  async updateCoupon(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => UpdateCouponInput) input: UpdateCouponInput,
  ): Promise<CouponType> {
    requireAdmin(ctx.caller);
    return toCoupon(await this.#needs.coupons.update(input.id, changeOf(input)));
  }

  @Mutation(() => RedeemCouponResult, {
    description: 'Gives the credits of a coupon, once per idempotency key.',
  })
  redeemCoupon(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => RedeemCouponInput) input: RedeemCouponInput,
  ): Promise<typeof RedeemCouponResult> {
    const { code, idempotencyKey } = input;
    const redeem = async () => {
      const accountId = accountFor(ctx.caller, input.accountId, 'manage');
      const receipt = await this.#needs.couponRedemptions.redeem({
        accountId,
        code,
        idempotencyKey,
      });
      return Object.assign(new RedeemCouponPayload(), {
        transaction: toCreditTransaction(receipt.transaction),
        balance: toCreditBalance(receipt.balance),
      });
    };
    return orRefusal(redeem(), REFUSALS);
  }
}

function newCoupon(input: CreateCouponInput, ownCurrency: string): NewCoupon {
  const { amountOffMinorUnits: minorUnits = null, kind } = input;
  if (minorUnits === null && (input.currency ?? null) !== null)
    throw new InvalidInput('currency', 'belongs to amountOffMinorUnits.');
  const currency = (input.currency ?? ownCurrency).toUpperCase();
  return {
    code: codeOf(input.code),
    kind,
    percentOffBasisPoints: input.percentOffBasisPoints ?? null,
    amountOff: minorUnits === null ? null : { amountMinor: BigInt(minorUnits), currency },
    creditsMicro: input.credits ?? null,
    maxRedemptions: input.maxRedemptions ?? null,
    perAccountLimit: input.perAccountLimit ?? null,
    expiresAt: input.expiresAt ?? null,
    planSlugs: [...new Set(input.planSlugs ?? [])],
  };
}

function changeOf(input: UpdateCouponInput): CouponChange {
  const { isActive, maxRedemptions, perAccountLimit, expiresAt, planSlugs } = input;
  return {
    ...(isActive == null ? {} : { isActive }),
    ...(maxRedemptions === undefined ? {} : { maxRedemptions }),
    ...(perAccountLimit === undefined ? {} : { perAccountLimit }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(planSlugs === undefined ? {} : { planSlugs: [...new Set(planSlugs ?? [])] }),
  };
}
