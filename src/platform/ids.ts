import { v7, validate } from 'uuid';

/** A new id: a UUID of version 7, so that rows made together lie together. */
export function newId(): string {
  return v7();
}

/** Whether a client's text can be an id at all; one that cannot is simply not found. */
export function isId(text: string): boolean {
  return validate(text);
}
