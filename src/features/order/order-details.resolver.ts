import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { type GraphContext, perRequest } from '../../graphql/context.ts';
import { accountFor } from '../account/caller.policy.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import { PlanType, toPlan } from '../catalog/catalog.type.ts';
import { couponLoader } from '../coupon/coupon.loader.ts';
import type { CouponService } from '../coupon/coupon.service.ts';
import { CouponType, toCoupon } from '../coupon/coupon.type.ts';
import { CreditGrantType } from '../ledger/ledger.type.ts';
import { orderLoader } from './order.loader.ts';
import type { OrderService } from './order.service.ts';
import { OrderType, toOrder } from './order.type.ts';

/** Which plan an order is for. */
@Resolver(() => OrderType)
export class OrderPlanResolver {
  readonly #catalog: CatalogService;

  constructor(catalog: CatalogService) {
    this.#catalog = catalog;
  }

  @FieldResolver(() => PlanType, {
    nullable: true,
    description: 'The plan that it buys; null for credits.',
  })
  async plan(@Root() order: OrderType): Promise<PlanType | null> {
    const plan = order.planId === null ? null : await this.#catalog.planById(order.planId);
    return plan === null ? null : toPlan(plan);
  }
}

/** Which coupon an order was discounted by. */
@Resolver(() => OrderType)
export class OrderCouponResolver {
  readonly #coupons: CouponService;
  readonly #loader = perRequest(() => couponLoader(this.#coupons));

  constructor(coupons: CouponService) {
    this.#coupons = coupons;
  }

  @FieldResolver(() => CouponType, { nullable: true })
  async coupon(@Root() order: OrderType, @Ctx() ctx: GraphContext): Promise<CouponType | null> {
    const coupon = order.couponId === null ? null : await this.#loader(ctx).load(order.couponId);
    return coupon === null ? null : toCoupon(coupon);
  }
}

/** Which order paid for a grant. */
@Resolver(() => CreditGrantType)
export class GrantOrderResolver {
  readonly #orders: OrderService;
  readonly #loader = perRequest(() => orderLoader(this.#orders));

  constructor(orders: OrderService) {
    this.#orders = orders;
  }

  @FieldResolver(() => OrderType, {
    nullable: true,
    description: 'The order that paid for it, if one did. Needs the scope billing:read.',
  })
  async order(@Root() grant: CreditGrantType, @Ctx() ctx: GraphContext): Promise<OrderType | null> {
    if (grant.cause.kind !== 'order') return null;
    const order = await this.#loader(ctx).load(grant.cause.id);
    if (order !== null) accountFor(ctx.caller, order.accountId, 'read');
    return order === null ? null : toOrder(order);
  }
}
