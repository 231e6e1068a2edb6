import { defineEntity, p } from '@mikro-orm/postgresql';
import { amount, instant } from '../../platform/database/columns.ts';
import { accountReference } from '../account/account.entity.ts';
import type { CouponKind, RedemptionStatus } from './coupon.model.ts';

export const CouponSchema = defineEntity({
  name: 'Coupon',
  tableName: 'coupon',
  checks: [
    { name: 'coupon_kind_known', expression: `kind in ('PERCENT_OFF', 'AMOUNT_OFF', 'CREDITS')` },
    {
      name: 'coupon_percent_within_range',
      expression: '(percent_off_basis_points >= 1) and (percent_off_basis_points <= 10000)',
    },
    { name: 'coupon_amount_positive', expression: 'amount_off_minor > 0' },
    { name: 'coupon_credits_positive', expression: 'credits_micro > 0' },
    { name: 'coupon_code_in_capitals', expression: 'code = upper(code)' },
    {
      name: 'coupon_by_kind',
      expression: `((kind = 'PERCENT_OFF') = (percent_off_basis_points is not null)) and ((kind = 'AMOUNT_OFF') = (amount_off_minor is not null)) and ((kind = 'AMOUNT_OFF') = (currency is not null)) and ((kind = 'CREDITS') = (credits_micro is not null))`,
    },
    {
      name: 'coupon_counts_not_negative',
      expression: '(times_redeemed >= times_late) and (times_reserved >= 0) and (times_late >= 0)',
    },
    {
      name: 'coupon_within_limit',
      expression: '((times_redeemed - times_late) + times_reserved) <= max_redemptions',
    },
  ],
  uniques: [{ name: 'coupon_code_unique', properties: ['code'] }],
  properties: {
    id: p.uuid().primary(),
    code: p.text(),
    kind: p.text().$type<CouponKind>(),
    percentOffBasisPoints: p.integer().nullable(),
    amountOffMinor: amount().nullable(),
    currency: p.text().nullable(),
    creditsMicro: amount().nullable(),
    maxRedemptions: p.integer().nullable(),
    perAccountLimit: p.integer().nullable(),
    timesRedeemed: p.integer(),
    timesReserved: p.integer(),
    timesLate: p.integer(),
    planSlugs: p.array(),
    expiresAt: instant().nullable(),
    isActive: p.boolean(),
    createdAt: instant(),
    updatedAt: instant(),
  },
});

/** The column that says which coupon was used. */
export const couponReference = () =>
  p
    .manyToOne(CouponSchema)
    .mapToPk()
    .fieldName('coupon_id')
    .index(false)
    .deleteRule('no action')
    .updateRule('no action');

export const CouponRedemptionSchema = defineEntity({
  name: 'CouponRedemption',
  tableName: 'coupon_redemption',
  checks: [
    {
      name: 'coupon_redemption_status_known',
      expression: `status in ('RESERVED', 'REDEEMED', 'RELEASED')`,
    },
  ],
  uniques: [{ name: 'coupon_redemption_order_unique', properties: ['orderId'] }],
  indexes: [{ name: 'coupon_redemption_of_account', properties: ['couponId', 'accountId'] }],
  properties: {
    id: p.uuid().primary(),
    couponId: couponReference(),
    accountId: accountReference(),
    orderId: p.uuid().nullable(),
    status: p.text().$type<RedemptionStatus>(),
    createdAt: instant(),
    updatedAt: instant(),
  },
});
