import { DomainError } from '../../platform/errors.ts';

/** Why a coupon does not apply, as a stable word. */
export type CouponRefusal =
  | 'UNKNOWN'
  | 'INACTIVE'
  | 'EXPIRED'
  | 'EXHAUSTED'
  | 'ALREADY_USED'
  | 'WRONG_PLAN'
  | 'WRONG_KIND'
  | 'WRONG_CURRENCY'
  | 'AMOUNT_TOO_SMALL'
  | 'PLAN_CHANGE';

/** The coupon does not apply here. */
export class CouponNotApplicable extends DomainError {
  readonly code = 'COUPON_NOT_APPLICABLE';
  readonly reason: CouponRefusal;

  constructor(reason: CouponRefusal, message: string, options?: ErrorOptions) {
    super(message, { reason }, options);
    this.reason = reason;
  }
}
