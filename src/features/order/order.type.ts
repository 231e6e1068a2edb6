import { Field, ID, ObjectType } from 'type-graphql';
import { connectionType } from '../../graphql/connection.ts';
import { CreditsScalar } from '../../graphql/credits-scalar.ts';
import { ChannelEnum, enumOf, IntervalEnum } from '../../graphql/enums.ts';
import { MoneyType, toMoney } from '../../graphql/money.type.ts';
import { DateTimeScalar, UrlScalar } from '../../graphql/scalars.ts';
import type { Channel, Interval } from '../../platform/money.ts';
import type { Order, OrderKind, OrderStatus } from './order.model.ts';

const OrderKindEnum = enumOf('OrderKind', ['SUBSCRIPTION', 'CREDITS']);
export const OrderStatusEnum = enumOf('OrderStatus', [
  'PENDING',
  'PAID',
  'EXPIRED',
  'FAILED',
  'REFUNDED',
  'PARTIALLY_REFUNDED',
  'DISPUTED',
]);

@ObjectType('Order', { description: 'One purchase on a hosted page.' })
export class OrderType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'For people, such as TG-1001.' })
  number!: string;

  @Field(() => OrderKindEnum)
  kind!: OrderKind;

  @Field(() => OrderStatusEnum, {
    description:
      'DISPUTED while the payer contests the payment, and when they won; PAID again when they lost.',
  })
  status!: OrderStatus;

  @Field(() => ChannelEnum)
  channel!: Channel;

  @Field(() => MoneyType, {
    description:
      'What is paid first: less its coupon, and the difference only for a change of plan.',
  })
  amount!: MoneyType;

  @Field(() => CreditsScalar, {
    nullable: true,
    description: 'The credits that it buys; null for a plan.',
  })
  credits!: bigint | null;

  @Field(() => IntervalEnum, { nullable: true })
  interval!: Interval | null;

  @Field(() => UrlScalar, {
    nullable: true,
    description: 'Where the customer pays; null before and after.',
  })
  checkoutUrl!: string | null;

  @Field(() => DateTimeScalar)
  createdAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true })
  paidAt!: Date | null;

  planId!: string | null;
  couponId!: string | null;
}

/** An order as clients see it. */
export function toOrder(order: Order): OrderType {
  return Object.assign(new OrderType(), {
    id: order.id,
    number: `TG-${order.number}`,
    kind: order.kind,
    status: order.status,
    channel: order.channel,
    amount: toMoney(order.amount),
    credits: order.creditsMicro,
    interval: order.interval,
    checkoutUrl: order.status === 'PENDING' ? order.checkoutUrl : null,
    createdAt: order.createdAt,
    paidAt: order.paidAt,
    planId: order.planId,
    couponId: order.couponId,
  });
}

export const OrderConnectionType = connectionType('Order', () => OrderType);
export type OrderConnectionType = InstanceType<typeof OrderConnectionType>;
