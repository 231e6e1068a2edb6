import { InvalidInput } from '../../platform/errors.ts';

/**
 * Refuses a client's text that is too long, or that PostgreSQL could not keep as it is: one with a NUL character, or with half
 * of a character (a lone surrogate). Throws InvalidInput naming the argument.
 */
export function checkStorable(field: string, text: string, longest: number): void {
  if (text.length > longest)
    throw new InvalidInput(field, `is too long: at most ${longest} characters.`);
  if (text.includes('\0')) throw new InvalidInput(field, 'contains a NUL character.');
  if (!text.isWellFormed())
    throw new InvalidInput(field, 'contains half of a character (a lone surrogate).');
}
