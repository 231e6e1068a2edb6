import { InvalidInput } from '../../platform/errors.ts';
import { checkStorable } from './storable-text.policy.ts';

const LONGEST = 255;

/** Refuses a name that no account can have. Throws InvalidInput. */
export function checkAccountName(name: string): void {
  if (name.trim() === '') throw new InvalidInput('name', 'must not be empty.');
  checkStorable('name', name, LONGEST);
}

/** Refuses what is no address. Throws InvalidInput. */
export function checkEmail(email: string): void {
  checkStorable('email', email, LONGEST);
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new InvalidInput('email', 'is not an address.');
}

/** Refuses what nobody can search for. Throws InvalidInput. */
export function checkSearch(search: string): void {
  checkStorable('search', search, LONGEST);
}
