import type { Money } from '../../platform/money.ts';

/** What the cursors of this list begin with. */
export const COUPON_CURSOR = 'coupon';

/** Percent or amount off a checkout's first payment, or credits at once. */
export type CouponKind = 'PERCENT_OFF' | 'AMOUNT_OFF' | 'CREDITS';

/** RESERVED: a page with it is open. REDEEMED: it was paid, or the credits are given. RELEASED: nothing came of it. */
export type RedemptionStatus = 'RESERVED' | 'REDEEMED' | 'RELEASED';

/** What an administrator may change afterwards. */
export interface CouponLimits {
  /** How often it can be redeemed in all; null: without end. */
  readonly maxRedemptions: number | null;
  readonly perAccountLimit: number | null;
  readonly expiresAt: Date | null;
  /** The plans that it is for; none: for everything. */
  readonly planSlugs: readonly string[];
}

/** A coupon as an administrator describes it. */
export interface NewCoupon extends CouponLimits {
  /** In capitals. */
  readonly code: string;
  readonly kind: CouponKind;
  readonly percentOffBasisPoints: number | null;
  readonly amountOff: Money | null;
  readonly creditsMicro: bigint | null;
}

export interface Coupon extends NewCoupon {
  readonly id: string;
  readonly isActive: boolean;
  readonly timesRedeemed: number;
  /** Pages that are open with it. */
  readonly timesReserved: number;
  /** Redemptions that came after their page had expired: counted, but beyond the limit. */
  readonly timesLate: number;
  readonly createdAt: Date;
}

/** What is not named stays as it is. */
export type CouponChange = Partial<CouponLimits> & { readonly isActive?: boolean };

export interface CouponRedemption {
  readonly id: string;
  readonly couponId: string;
  readonly accountId: string;
  /** Null when it gave credits. */
  readonly orderId: string | null;
  readonly status: RedemptionStatus;
}

/** What a coupon is to be used for. */
export interface CouponUse {
  readonly accountId: string;
  /** The plan that is bought, or that the account is on; null when credits are bought. */
  readonly planSlug: string | null;
  /** The currency of what is bought; null when nothing is. */
  readonly currency: string | null;
}

/** How often it was used so far, open pages included. */
export interface UsedSoFar {
  readonly inAll: number;
  readonly byAccount: number;
}
