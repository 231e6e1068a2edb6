import { CANCEL_URL, newKey, SUCCESS_URL } from '../../flows/given-purchases.ts';
import type { TestAccount, TestGateway } from '../../support/gateway.ts';
import type { GraphClient } from '../../support/graph-client.ts';
import {
  CouponsDocument,
  CreateCouponDocument,
  type CreateCouponInput,
  type CreateCouponMutation,
  type RechargeInput,
  RechargeWithCouponDocument,
  type RechargeWithCouponMutation,
  RedeemCouponDocument,
  type RedeemCouponMutation,
} from '../../support/operations.generated.ts';

export type Coupon = CreateCouponMutation['createCoupon'];
export type Redeemed = RedeemCouponMutation['redeemCoupon'];

/** A code that no other test uses. */
export function newCode(): string {
  return `CODE-${newKey().toUpperCase()}`;
}

/** A coupon of 25 %, or another one. */
export async function givenCoupon(
  gateway: TestGateway,
  input: Partial<CreateCouponInput> = {},
): Promise<Coupon> {
  const kind = input.kind ?? 'PERCENT_OFF';
  const { createCoupon } = await gateway.admin.request(CreateCouponDocument, {
    input: {
      code: newCode(),
      kind,
      ...(kind === 'PERCENT_OFF' ? { percentOffBasisPoints: 2_500 } : {}),
      ...input,
    },
  });
  return createCoupon;
}

export async function redeem(
  account: TestAccount,
  code: string,
  idempotencyKey = newKey(),
): Promise<Redeemed> {
  const input = { code, idempotencyKey };
  return (await account.client.request(RedeemCouponDocument, { input })).redeemCoupon;
}

export async function couponNow(admin: GraphClient, id: string): Promise<Coupon | undefined> {
  const { coupons } = await admin.request(CouponsDocument, { first: 100 });
  return coupons.nodes.find((coupon) => coupon.id === id);
}

/** A top-up, by default of 50 credits for 15.00. */
export async function rechargeWithCoupon(
  account: TestAccount,
  input: Partial<RechargeInput>,
): Promise<RechargeWithCouponMutation['recharge']> {
  const { recharge: answer } = await account.client.request(RechargeWithCouponDocument, {
    input: {
      amountMinorUnits: 1_500,
      successUrl: SUCCESS_URL,
      cancelUrl: CANCEL_URL,
      idempotencyKey: newKey(),
      ...input,
    },
  });
  return answer;
}
