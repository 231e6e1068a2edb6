import { defineEntity, p } from '@mikro-orm/postgresql';
import { amount, instant } from '../../platform/database/columns.ts';
import type { Channel, Interval } from '../../platform/money.ts';
import { accountReference } from '../account/account.entity.ts';
import { CreditPackageSchema, PlanPriceSchema, planReference } from '../catalog/catalog.entity.ts';
import { couponReference } from '../coupon/coupon.entity.ts';
import { PlanSubscriptionSchema } from '../subscription/subscription.entity.ts';
import type { Order, OrderKind, OrderStatus } from './order.model.ts';

export const OrderSchema = defineEntity({
  name: 'Order',
  tableName: 'purchase_order',
  checks: [
    { name: 'purchase_order_kind_known', expression: `kind in ('SUBSCRIPTION', 'CREDITS')` },
    {
      name: 'purchase_order_status_known',
      expression: `status in ('PENDING', 'PAID', 'EXPIRED', 'FAILED', 'REFUNDED', 'PARTIALLY_REFUNDED', 'DISPUTED')`,
    },
    { name: 'purchase_order_channel_known', expression: `channel in ('STRIPE', 'CREEM')` },
    { name: 'purchase_order_amount_not_negative', expression: 'amount_minor >= 0' },
    { name: 'purchase_order_discount_not_negative', expression: 'discount_minor >= 0' },
    { name: 'purchase_order_credits_positive', expression: 'credits_micro > 0' },
    {
      name: 'purchase_order_by_kind',
      expression: `((kind = 'CREDITS') = (credits_micro is not null)) and ((kind = 'SUBSCRIPTION') = (plan_id is not null))`,
    },
  ],
  uniques: [
    { name: 'purchase_order_key_unique', properties: ['accountId', 'operation', 'idempotencyKey'] },
    { name: 'purchase_order_checkout_unique', properties: ['channel', 'providerCheckoutId'] },
  ],
  indexes: [
    { name: 'purchase_order_account', properties: ['accountId', 'id'] },
    {
      name: 'purchase_order_pending',
      expression: `create index purchase_order_pending on purchase_order (channel, created_at) where status = 'PENDING'`,
    },
    {
      name: 'purchase_order_open_change',
      expression: `create index purchase_order_open_change on purchase_order (checkout_expires_at) where status = 'PENDING' and changed_subscription_id is not null`,
    },
    {
      name: 'purchase_order_payment',
      expression:
        'create index purchase_order_payment on purchase_order (channel, provider_payment_id) where provider_payment_id is not null',
    },
    {
      name: 'purchase_order_subscription',
      expression:
        'create index purchase_order_subscription on purchase_order (channel, provider_subscription_id) where provider_subscription_id is not null',
    },
    {
      name: 'purchase_order_one_auto_recharge',
      expression: `create unique index purchase_order_one_auto_recharge on purchase_order (account_id) where operation = 'autoRecharge' and status = 'PENDING'`,
    },
    {
      name: 'purchase_order_auto_recharge',
      expression: `create index purchase_order_auto_recharge on purchase_order (account_id, created_at) where operation = 'autoRecharge'`,
    },
    {
      name: 'purchase_order_one_pending_subscription',
      expression: `create unique index purchase_order_one_pending_subscription on purchase_order (account_id) where kind = 'SUBSCRIPTION' and status = 'PENDING'`,
    },
  ],
  properties: {
    id: p.uuid().primary(),
    number: p.bigint('bigint').autoincrement().unique('purchase_order_number_unique'),
    accountId: accountReference(),
    kind: p.text().$type<OrderKind>(),
    status: p.text().$type<OrderStatus>(),
    channel: p.text().$type<Channel>(),
    amountMinor: amount(),
    currency: p.text(),
    creditsMicro: amount().nullable(),
    planId: planReference().nullable(),
    planPriceId: p
      .manyToOne(PlanPriceSchema)
      .mapToPk()
      .fieldName('plan_price_id')
      .nullable()
      .index(false)
      .deleteRule('no action')
      .updateRule('no action'),
    interval: p.text().$type<Interval>().nullable(),
    trialDays: p.integer(),
    packageId: p
      .manyToOne(CreditPackageSchema)
      .mapToPk()
      .fieldName('package_id')
      .nullable()
      .index(false)
      .deleteRule('no action')
      .updateRule('no action'),
    operation: p.text().$type<Order['operation']>(),
    idempotencyKey: p.text(),
    requestHash: p.blob(),
    successUrl: p.text(),
    cancelUrl: p.text(),
    providerCheckoutId: p.text().nullable(),
    checkoutUrl: p.text().nullable(),
    checkoutExpiresAt: instant(),
    providerPaymentId: p.text().nullable(),
    providerSubscriptionId: p.text().nullable(),
    createdAt: instant(),
    updatedAt: instant(),
    paidAt: instant().nullable(),
    couponId: couponReference().nullable(),
    discountMinor: amount().nullable(),
    lookedUpAt: instant().nullable(),
    changedSubscriptionId: p
      .manyToOne(PlanSubscriptionSchema)
      .mapToPk()
      .fieldName('changed_subscription_id')
      .nullable()
      .index(false)
      .deleteRule('no action')
      .updateRule('no action'),
  },
});
