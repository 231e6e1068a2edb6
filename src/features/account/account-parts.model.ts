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
