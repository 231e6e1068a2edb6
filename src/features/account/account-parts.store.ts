import { GatheredReads } from '../../live/gathered-reads.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Account } from './account.model.ts';
import { ACCOUNT_COLUMNS } from './account.store.ts';
import type { AccountWithParts, WantedPart, WantedParts } from './account-parts.model.ts';

/** `parts` is a text of JSON: read when it is needed, so that what many accounts are made of is not there all at once. */
type Row = Account & { readonly n: number; readonly parts: string };

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
  readonly #reads = new Map<string, GatheredReads<ReadAccount>>();

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async read(id: string, wanted: WantedParts): Promise<AccountWithParts | null> {
    const { name, parts } = wanted;
    const reads = this.#reads.get(name) ?? this.#readsOf(parts, name);
    this.#reads.set(name, reads);
    const read = await reads.read(`[${JSON.stringify(id)}${wanted.argumentsAsJson}]`);
    return read?.withParts(parts) ?? null;
  }

  #readsOf(parts: readonly WantedPart[], name: string): GatheredReads<ReadAccount> {
    const statement = statementOf(parts, name);
    return new GatheredReads<ReadAccount>({
      read: async (places) => {
        const values = [this.#clock.now(), `[${places.join()}]`];
        const rows = await this.#database.query<Row>(statement, values);
        return new Map(rows.map((row) => [places[row.n - 1] ?? '', new ReadAccount(row)]));
      },
      maxBatch: MOST_AT_ONCE,
      answersInTurn: ANSWERS_IN_TURN,
    });
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

// The places are one JSON, of which the planner knows as little each time as in general: of an array it would count the
// items, and plan anew with every execution, for longer than it executes.
function statementOf(parts: readonly WantedPart[], name: string): Statement {
  const queries = parts.map(({ part }, index) => `(${part.sql(`w.argument_${index}`)})`);
  const given = parts.map((_, index) => `place->>${index + 1} as argument_${index}`);
  return {
    name: `account_with_${name}`,
    text: `select w.n::int, a.*, json_build_array(${queries.join(', ')})::text as parts
      from (
        select ${['(place->>0)::uuid as account', '$1::timestamptz as now', ...given, 'n'].join(', ')}
        from json_array_elements($2::json) with ordinality as u (place, n) offset 0
      ) w cross join lateral (select ${ACCOUNT_COLUMNS} from account where id = w.account offset 0) a`,
  };
}
