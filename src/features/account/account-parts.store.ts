import { columnsOf } from '../../live/gathered-list.ts';
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
        const values = [this.#clock.now(), ...columnsOf(places)];
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
    const value = part.valueOf(jsons[index], account.id);
    return [part.name, { argument: argumentsGiven[index] ?? '', value }] as const;
  });
  return { account, parts: new Map(read) };
}

function statementOf(parts: readonly AccountPart<unknown>[], name: string): Statement {
  const queries = parts.map(({ sql }, index) => `(${sql(`w.argument_${index}`)})`);
  const parameters = parts.map((_, index) => `$${index + 3}::text[]`);
  const names = parts.map((_, index) => `argument_${index}`);
  return {
    name: `account_with_${name}`,
    text: `select w.n::int, ${ACCOUNT_COLUMNS}, json_build_array(${queries.join(', ')}) as parts
      from (
        select *, $1::timestamptz as now
        from unnest(${['$2::uuid[]', ...parameters].join(', ')}) with ordinality as u (${['account', ...names, 'n'].join(', ')})
      ) w join account on account.id = w.account`,
  };
}
