import { InvalidInput } from '../../platform/errors.ts';

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
  for (const [field, text] of Object.entries({ externalId, name })) {
    if (text.trim() === '') throw new InvalidInput(field, 'must not be empty.');
  }
  for (const [field, text] of Object.entries({ externalId, name, email: email ?? '' })) {
    if (text.length > 255) throw new InvalidInput(field, 'is longer than 255 characters.');
    if (text.includes('\0')) throw new InvalidInput(field, 'contains a NUL character.');
  }
  if (email !== null && !/^[^\s@]+@[^\s@]+$/.test(email))
    throw new InvalidInput('email', 'is not an address.');
}
