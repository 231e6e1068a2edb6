import { InvalidInput } from '../../platform/errors.ts';
import type { Capture, CreditHold, HoldWish } from './credit-hold.model.ts';
import { checkSpend } from './ledger.policy.ts';

/** How long a hold lasts when nobody says: long enough for a request, short enough to be forgotten. */
const USUAL_HOLD_SECONDS = 15 * 60;
/** How long a hold may last. */
const LONGEST_HOLD_SECONDS = 7 * 24 * 60 * 60;

/** When a hold that is made now expires. Throws InvalidInput for less than a second or more than a week. */
export function holdExpiresAt({ expiresInSeconds }: HoldWish, now: Date): Date {
  const seconds = expiresInSeconds ?? USUAL_HOLD_SECONDS;
  if (seconds < 1 || seconds > LONGEST_HOLD_SECONDS)
    throw new InvalidInput('expiresInSeconds', `must be from 1 to ${LONGEST_HOLD_SECONDS}.`);
  return new Date(now.getTime() + seconds * 1_000);
}

/** Refuses a hold that is wrong in itself. Throws InvalidInput naming the argument. */
export function checkHold({ amountMicro, idempotencyKey }: HoldWish): void {
  checkSpend({
    amountMicro,
    idempotencyKey,
    usageType: null,
    description: null,
    metadata: null,
  });
}

/** Refuses a capture that is wrong in itself. Throws InvalidInput naming the argument. */
export function checkCapture(capture: Capture): void {
  checkSpend({ ...capture, amountMicro: capture.amountMicro ?? 1n, metadata: null });
}

/** Why nothing can be captured from a hold, or given back, any more. */
export function whyEnded({ status }: CreditHold): string {
  switch (status) {
    case 'CAPTURED':
      return 'The hold was captured already.';
    case 'RELEASED':
      return 'The hold was released already.';
    case 'EXPIRED':
      return 'The hold has expired, and its credits are given back.';
    default:
      return 'The hold is open.';
  }
}
