import { DomainError } from '../../platform/errors.ts';

/** The coupon does not apply; `reason` is a stable word. */
export class CouponNotApplicable extends DomainError {
  readonly code = 'COUPON_NOT_APPLICABLE';
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}
