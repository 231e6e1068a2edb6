import { GatheredReads } from '../../live/gathered-reads.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import { apart, areGroundsGathered, restOn, restOnUnknown } from '../../platform/grounds.ts';
import type { Account } from './account.model.ts';
import { ACCOUNT_COLUMNS } from './account.store.ts';
import type { AccountWithParts, WantedPart, WantedParts } from './account-parts.model.ts';

/** The ways to the same parts. */
interface Ways {
  readonly reads: GatheredReads<ReadAccount>;
  /** Null: one of the parts cannot tell whether it is still the same. */
  readonly looks: GatheredReads<string | null> | null;
}

/** `parts` is a text of JSON: read when it is needed, so that what many accounts are made of is not there all at once. */
type Row = Account & { readonly n: number; readonly parts: string };

interface Look {
  readonly n: number;
  /** Null: it cannot be told whether what is read now is what will be read next. */
  readonly stamp: string | null;
}

const MOST_AT_ONCE = 100;
const ANSWERS_IN_TURN = 4;

/**
 * Reads accounts with what is asked of them by one statement: what several features keep of several accounts, for several
 * requests. By itself, each statement would cost both sides more than most of what it answers with.
 */
export class AccountPartsStore {
  readonly #database: Database;
  readonly #clock: Clock;
  /** By the names of the parts. */
  readonly #ways = new Map<string, Ways>();

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async read(id: string, wanted: WantedParts): Promise<AccountWithParts | null> {
    const { name, parts } = wanted;
    const ways = this.#ways.get(name) ?? this.#waysTo(parts, name);
    this.#ways.set(name, ways);
    const place = `[${JSON.stringify(id)}${wanted.argumentsAsJson}]`;
    const read = areGroundsGathered()
      ? await this.#readWithGrounds(place, ways)
      : await ways.reads.read(place);
    return read?.withParts(parts) ?? null;
  }

  /** Looks first and reads then: what is written in between makes the next look differ. */
  async #readWithGrounds(place: string, { reads, looks }: Ways): Promise<ReadAccount | undefined> {
    const stamp = looks === null ? null : ((await apart(() => looks.read(place))) ?? null);
    if (stamp === null) restOnUnknown();
    else restOn(async () => (await looks?.read(place)) === stamp);
    return apart(() => reads.read(place));
  }

  #waysTo(parts: readonly WantedPart[], name: string): Ways {
    const page = pageOf(parts, name);
    const reads = new GatheredReads<ReadAccount>({
      read: async (places) => {
        const rows = await this.#rowsAt<Row>(page, places);
        return new Map(rows.map((row) => [places[row.n - 1] ?? '', new ReadAccount(row)]));
      },
      maxBatch: MOST_AT_ONCE,
      answersInTurn: ANSWERS_IN_TURN,
    });
    const look = lookAt(parts, name);
    if (look === null) return { reads, looks: null };
    const looks = new GatheredReads<string | null>({
      read: async (places) => {
        const rows = await this.#rowsAt<Look>(look, places);
        return new Map(rows.map(({ n, stamp }) => [places[n - 1] ?? '', stamp]));
      },
      maxBatch: MOST_AT_ONCE,
    });
    return { reads, looks };
  }

  #rowsAt<Found>(statement: Statement, places: readonly string[]): Promise<Found[]> {
    return this.#database.query<Found>(statement, [this.#clock.now(), `[${places.join()}]`]);
  }
}

/** A row, and what is made of it once for all who have asked for the same at the same time. */
class ReadAccount {
  readonly #row: Row;
  #made: AccountWithParts | null = null;

  constructor(row: Row) {
    this.#row = row;
  }

  withParts(wanted: readonly WantedPart[]): AccountWithParts {
    this.#made ??= accountOf(this.#row, wanted);
    return this.#made;
  }
}

function accountOf(
  { n: _, parts: text, ...account }: Row,
  wanted: readonly WantedPart[],
): AccountWithParts {
  const jsons = JSON.parse(text) as readonly unknown[];
  const read = wanted.map(({ part, argument }, index) => {
    const value = part.valueOf(jsons[index], account.id, argument);
    return [part.name, { argument, value }] as const;
  });
  return { account, parts: new Map(read) };
}

function pageOf(parts: readonly WantedPart[], name: string): Statement {
  const queries = parts.map(({ part }, index) => `(${part.sql(`w.argument_${index}`)})`);
  return {
    name: `account_with_${name}`,
    text: `select w.n::int, a.*, json_build_array(${queries.join(', ')})::text as parts
      from ${placesOf(parts)}
      cross join lateral (select ${ACCOUNT_COLUMNS} from account where id = w.account offset 0) a`,
  };
}

/** Null: there is nothing to look at by which all of the parts could be told. */
function lookAt(parts: readonly WantedPart[], name: string): Statement | null {
  const stamps = parts.map(({ part }, index) => part.stamp?.(`w.argument_${index}`));
  if (stamps.includes(undefined)) return null;
  // A server that was started anew, or took the place of another, may give numbers to transactions that were given before.
  const all = ['pg_postmaster_start_time()::text', 'a.version::text', ...new Set(stamps)];
  return {
    name: `account_look_at_${name}`,
    text: `select w.n::int, ${all.map((one) => `(${one})`).join(" || '|' || ")} as stamp
      from ${placesOf(parts)}
      cross join lateral (select xmin as version from account where id = w.account offset 0) a`,
  };
}

// The places are one JSON, of which the planner knows as little each time as in general: of an array it would count the
// items, and plan anew with every execution, for longer than it executes.
function placesOf(parts: readonly WantedPart[]): string {
  const given = parts.map((_, index) => `place->>${index + 1} as argument_${index}`);
  return `(
        select ${['(place->>0)::uuid as account', '$1::timestamptz as now', ...given, 'n'].join(', ')}
        from json_array_elements($2::json) with ordinality as u (place, n) offset 0
      ) w`;
}
