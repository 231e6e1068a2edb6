import type { Database } from '../platform/database/database.ts';
import type { Statement } from '../platform/database/statement.ts';
import { type Page, type PageRequest, pageOf, pageSize, readCursor } from '../platform/paging.ts';
import { GatheredReads } from './gathered-reads.ts';

/** What narrows a list down, as texts in the order of the statements' parameters; null: nothing. */
type Narrowed = readonly (string | null)[];

interface GatheredListOptions {
  readonly database: Database;
  /**
   * Reads the pages of many owners: $1 whose they are, $2 after which positions they begin (null: at the beginning), $3 how
   * many rows each has, and from $4 on what narrows each down; all of them arrays of one length. Answers with `n`, which of
   * these pages a row is of, counted from 1; the rows of a page in its order.
   */
  readonly page: Statement;
  /** Counts the lists of many owners: $1 whose they are, from $2 on what narrows each down. Answers with `n` and `count`. */
  readonly count: Statement;
  /** The list's name within its cursors, and what a position in it looks like. */
  readonly cursorKind: string;
  readonly position: RegExp;
}

const MOST_AT_ONCE = 1_000;

/**
 * A list that every owner has, such as the orders of an account. Pages that are asked for at the same time are read by one
 * statement, whoever asks and whatever page of whatever owner: a list under each item of a page costs no more statements
 * than under one.
 */
export class GatheredList<Row> {
  readonly #options: GatheredListOptions;
  readonly #pages: GatheredReads<readonly Row[]>;
  readonly #counts: GatheredReads<bigint>;

  constructor(options: GatheredListOptions) {
    const { database, page, count } = options;
    this.#options = options;
    this.#pages = new GatheredReads<readonly Row[]>({
      read: async (places) => {
        const rows = await database.query<Row & { n: number }>(page, columnsOf(places));
        return Map.groupBy(rows, ({ n }) => places[n - 1] ?? '');
      },
      maxBatch: MOST_AT_ONCE,
    });
    this.#counts = new GatheredReads({
      read: async (places) => {
        const rows = await database.query<{ n: number; count: bigint }>(count, columnsOf(places));
        return new Map(rows.map((row) => [places[row.n - 1] ?? '', row.count]));
      },
      maxBatch: MOST_AT_ONCE,
    });
  }

  /** A page of an owner's list. Throws InvalidInput. */
  async page(ownerId: string, request: PageRequest, ...narrowed: Narrowed): Promise<Page<Row>> {
    const { cursorKind, position } = this.#options;
    const size = pageSize(request);
    const after = readCursor(cursorKind, request, position);
    const place = JSON.stringify([ownerId, after, size + 1, ...narrowed]);
    return pageOf((await this.#pages.read(place)) ?? [], size, after === null);
  }

  /** How long an owner's list is. */
  async count(ownerId: string, ...narrowed: Narrowed): Promise<bigint> {
    return (await this.#counts.read(JSON.stringify([ownerId, ...narrowed]))) ?? 0n;
  }
}

/** Of keys that are arrays in JSON one array for each column, as statements take many of them. */
export function columnsOf(places: readonly string[]): unknown[][] {
  const rows = places.map((place) => JSON.parse(place) as unknown[]);
  return (rows[0] ?? []).map((_, column) => rows.map((row) => row[column]));
}
