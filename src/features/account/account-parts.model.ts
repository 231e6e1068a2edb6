import type { Account } from './account.model.ts';

/** How a field of an account is asked for. */
export interface AskedField {
  readonly args: Readonly<Record<string, unknown>>;
  /** Whether a field of this name is asked for anywhere below it. */
  readonly asksFor: (name: string) => boolean;
}

/** Something of an account that a feature keeps, and that can be read along with the account by one statement. */
export interface AccountPart<Value> {
  readonly name: string;
  /** The fields of an account that are made of it. */
  readonly fields: readonly string[];
  /**
   * How the field that is asked for is to be read; null: not along with the account, but by itself, which also tells what is
   * wrong with it. Without this, there is one way.
   */
  readonly argumentOf?: (field: AskedField) => string | null;
  /** A query of one JSON or nothing: of the account `w.account` at the instant `w.now`, as the argument, a text, says. */
  readonly sql: (argument: string) => string;
  /**
   * A query of one text, as `sql` with one argument: another one whenever `sql` would answer otherwise, also by time; null: that
   * cannot be told. It is much cheaper than `sql`. Without this, what was read is never taken for what would be read now.
   */
  readonly stamp?: (argument: string) => string;
  readonly valueOf: (json: unknown, accountId: string, argument: string) => Value;
}

export interface WantedPart {
  readonly part: AccountPart<unknown>;
  readonly argument: string;
}

/** Parts that are read together. */
export interface WantedParts {
  readonly parts: readonly WantedPart[];
  /** Of the parts, whatever their arguments are. */
  readonly name: string;
  /** The arguments as they go on within an array of JSON: each with a comma before it. */
  readonly argumentsAsJson: string;
}

/** The fields of an account that an operation asks for; always the same object when they are asked for in the same way. */
export type AskedFields = readonly (readonly [name: string, field: () => AskedField])[];

/** What was read along with an account, by the names of the parts. */
export type AccountParts = ReadonlyMap<
  string,
  { readonly argument: string; readonly value: unknown }
>;

export interface AccountWithParts {
  readonly account: Account;
  readonly parts: AccountParts;
}

/**
 * For a stamp: the versions of all rows that a table has of the account `w.account`. PostgreSQL marks each version of a row with
 * the transaction that wrote it, and none of its transactions comes back: as long as there are as many rows with the same marks,
 * no row was written, added or removed.
 */
export function versionsOf(table: string): string {
  return `select coalesce(string_agg(v.xmin::text, ' '), '') from ${table} v where v.account_id = w.account`;
}
