import { InvalidInput } from './errors.ts';

const DEFAULT_PAGE = 20;
const LARGEST_PAGE = 100;

/** What a client asks of a list: at most `first` items after the one that `after` points at. */
export interface PageRequest {
  readonly first?: number | null;
  readonly after?: string | null;
}

/** One page of a list, newest first, as a store finds it. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** How many items to read for this page: one to a hundred, twenty when not said. Throws InvalidInput. */
export function pageSize({ first }: PageRequest): number {
  if (first === null || first === undefined) return DEFAULT_PAGE;
  if (first < 1 || first > LARGEST_PAGE)
    throw new InvalidInput('first', `must be from 1 to ${LARGEST_PAGE}.`);
  return first;
}

/** The position that a cursor stands for; null when there is none. Throws InvalidInput for one that this list never gave. */
export function readCursor(kind: string, { after }: PageRequest, shape: RegExp): string | null {
  if (after === null || after === undefined) return null;
  const text = Buffer.from(after, 'base64url').toString('utf8');
  const position = text.startsWith(`${kind}:`) ? text.slice(kind.length + 1) : null;
  if (position === null || !shape.test(position)) {
    throw new InvalidInput(
      'after',
      'is not a cursor of this list: give an endCursor that it returned.',
    );
  }
  return position;
}

/** The opaque text by which a client comes back to a position. */
export function writeCursor(kind: string, position: string | bigint): string {
  return Buffer.from(`${kind}:${position}`, 'utf8').toString('base64url');
}

/** Makes a page of `size` from rows that were read with one row to spare. */
export function pageOf<Item>(rows: readonly Item[], size: number, isFirst: boolean): Page<Item> {
  return { items: rows.slice(0, size), hasNextPage: rows.length > size, hasPreviousPage: !isFirst };
}

export const UUID_POSITION = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** No id comes after it. */
export const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
export const NUMBER_POSITION = /^\d{1,18}$/;
