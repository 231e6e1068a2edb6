import { InvalidInput } from '../../platform/errors.ts';
import { checkAccountName, checkEmail } from '../account/account-details.policy.ts';
import { checkStorable } from '../account/storable-text.policy.ts';

const LONGEST_EXTERNAL_ID = 255;
const DAY_MS = 86_400_000;

/** How many days are left until an instant, a begun day counting whole; null when there is none. */
export function daysUntil(instant: Date | null, now: Date): number | null {
  if (instant === null) return null;
  return Math.max(0, Math.ceil((instant.getTime() - now.getTime()) / DAY_MS));
}

/** Refuses words that no account can have. Throws InvalidInput naming the argument. */
export function checkNewAccount({
  externalId,
  name,
  email,
}: {
  readonly externalId: string;
  readonly name: string;
  readonly email: string | null;
}): void {
  if (externalId.trim() === '') throw new InvalidInput('externalId', 'must not be empty.');
  checkStorable('externalId', externalId, LONGEST_EXTERNAL_ID);
  checkAccountName(name);
  if (email !== null) checkEmail(email);
}
