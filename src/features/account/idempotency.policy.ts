import { InvalidInput } from '../../platform/errors.ts';
import { checkStorable } from './storable-text.policy.ts';

const LONGEST_KEY = 255;

/** Refuses an idempotency key that is empty, longer than 255 characters, or cannot be stored. Throws InvalidInput. */
export function checkIdempotencyKey(key: string): void {
  if (key.trim() === '')
    throw new InvalidInput('idempotencyKey', 'must not be empty: give each request its own key.');
  checkStorable('idempotencyKey', key, LONGEST_KEY);
}
