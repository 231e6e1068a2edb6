import {
  Arg,
  Ctx,
  FieldResolver,
  ID,
  Int,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { toConnection } from '../../graphql/connection.ts';
import { type GraphContext, openedBy } from '../../graphql/context.ts';
import type { LiveHub } from '../../live/hub.ts';
import { changesOnly, LiveStream } from '../../live/live-stream.ts';
import { NotFound } from '../../platform/errors.ts';
import { AccountType } from '../account/account.type.ts';
import { accountFor, sees } from '../account/caller.policy.ts';
import { ORDER_CURSOR, type Order, type OrderStatus } from './order.model.ts';
import type { OrderService } from './order.service.ts';
import { OrderConnectionType, OrderStatusEnum, OrderType, toOrder } from './order.type.ts';

@Resolver(() => AccountType)
export class OrderResolver {
  readonly #orders: OrderService;
  readonly #hub: LiveHub;

  constructor(orders: OrderService, hub: LiveHub) {
    this.#orders = orders;
    this.#hub = hub;
  }

  @Query(() => OrderType, { nullable: true })
  async order(@Ctx() ctx: GraphContext, @Arg('id', () => ID) id: string): Promise<OrderType> {
    return toOrder(await this.#visible(ctx, id));
  }

  @FieldResolver(() => OrderConnectionType, { description: 'Newest first.' })
  async orders(
    @Root() account: AccountType,
    @Arg('first', () => Int, { nullable: true }) first?: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
    @Arg('statuses', () => [OrderStatusEnum], { nullable: true }) statuses?: OrderStatus[],
  ): Promise<OrderConnectionType> {
    return toConnection(OrderConnectionType, {
      page: await this.#orders.orders(account.id, statuses ?? null, { first, after }),
      cursorKind: ORDER_CURSOR,
      position: (order) => order.id,
      node: toOrder,
      count: () => this.#orders.orderCount(account.id, statuses ?? null),
    });
  }

  @Subscription(() => OrderType, {
    description: 'The order now, then every change.',
    subscribe: openedBy(
      () => OrderResolver,
      (resolver, ctx, { id }: { id: string }) => resolver.openStream(ctx, id),
    ),
  })
  orderChanged(@Root() order: Order, @Arg('id', () => ID) _id: string): OrderType {
    return toOrder(order);
  }

  async openStream(ctx: GraphContext, id: string): Promise<AsyncIterable<Order>> {
    await this.#visible(ctx, id);
    const read = changesOnly(() => this.#orders.order(id));
    return new LiveStream({ hub: this.#hub, topic: 'order', id, read });
  }

  async #visible(ctx: GraphContext, id: string): Promise<Order> {
    if (ctx.caller.kind !== 'admin') accountFor(ctx.caller, null, 'read');
    const order = await this.#orders.order(id);
    if (!sees(ctx.caller, order.accountId)) throw new NotFound('Order');
    return order;
  }
}
