import { GatheredReads } from '../../live/gathered-reads.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Account } from './account.model.ts';
import { ACCOUNT_COLUMNS } from './account.store.ts';
import type { AccountPart, AccountWithParts, WantedPart } from './account-parts.model.ts';

type Row = Account & { readonly n: number; readonly parts: readonly unknown[] };

const MOST_AT_ONCE = 100;

/**
 * Reads accounts with what is asked of them by one statement: what several features keep of several accounts, for several
 * requests. By itself, each statement would cost both sides more than most of what it answers with.
 */
export class AccountPartsStore {
  readonly #database: Database;
  readonly #clock: Clock;
  /** By the names of the parts. */
  readonly #reads = new Map<string, GatheredReads<AccountWithParts>>();

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async read(id: string, wanted: readonly WantedPart[]): Promise<AccountWithParts | null> {
    const name = wanted.map(({ part }) => part.name).join('_');
    const reads =
      this.#reads.get(name) ??
      this.#readsOf(
        wanted.map(({ part }) => part),
        name,
      );
    this.#reads.set(name, reads);
    const place = JSON.stringify([id, ...wanted.map(({ argument }) => argument)]);
    return (await reads.read(place)) ?? null;
  }

  #readsOf(parts: readonly AccountPart<unknown>[], name: string): GatheredReads<AccountWithParts> {
    const statement = statementOf(parts, name);
    return new GatheredReads<AccountWithParts>({
      read: async (places) => {
        const values = [this.#clock.now(), `[${places.join()}]`];
        const rows = await this.#database.query<Row>(statement, values);
        return new Map(
          rows.map((row) => {
            const place = places[row.n - 1] ?? '';
            return [place, accountOf(row, place, parts)] as const;
          }),
        );
      },
      maxBatch: MOST_AT_ONCE,
      // The database works on one while this process makes answers of the other.
      inFlight: 2,
    });
  }
}

function accountOf(
  { n: _, parts: jsons, ...account }: Row,
  place: string,
  parts: readonly AccountPart<unknown>[],
): AccountWithParts {
  const [, ...argumentsGiven] = JSON.parse(place) as string[];
  const read = parts.map((part, index) => {
    const argument = argumentsGiven[index] ?? '';
    const value = part.valueOf(jsons[index], account.id, argument);
    return [part.name, { argument, value }] as const;
  });
  return { account, parts: new Map(read) };
}

// The places are one JSON, of which the planner knows as little each time as in general: of an array it would count the
// items, and plan anew with every execution, for longer than it executes.
function statementOf(parts: readonly AccountPart<unknown>[], name: string): Statement {
  const queries = parts.map(({ sql }, index) => `(${sql(`w.argument_${index}`)})`);
  const given = parts.map((_, index) => `place->>${index + 1} as argument_${index}`);
  return {
    name: `account_with_${name}`,
    text: `select w.n::int, a.*, json_build_array(${queries.join(', ')}) as parts
      from (
        select ${['(place->>0)::uuid as account', '$1::timestamptz as now', ...given, 'n'].join(', ')}
        from json_array_elements($2::json) with ordinality as u (place, n) offset 0
      ) w cross join lateral (select ${ACCOUNT_COLUMNS} from account where id = w.account offset 0) a`,
  };
}
