import { InvalidInput } from '../../platform/errors.ts';

const LONGEST_KEY = 255;

/** Refuses an idempotency key that is empty, longer than 255 characters, or cannot be stored. Throws InvalidInput. */
export function checkIdempotencyKey(key: string): void {
  if (key.trim() === '')
    throw new InvalidInput('idempotencyKey', 'must not be empty: give each request its own key.');
  if (key.length > LONGEST_KEY)
    throw new InvalidInput('idempotencyKey', `is too long: at most ${LONGEST_KEY} characters.`);
  if (key.includes('\0')) throw new InvalidInput('idempotencyKey', 'contains a NUL character.');
}
