import type { ExecutionResult } from 'graphql';
import type { Caller } from '../features/account/caller.model.ts';

/** What tells one subscription from another: who asks, as far as an answer depends on it, and what. */
export interface Asked {
  readonly caller: Caller;
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Subscriptions of the same name are answered the same. */
export function nameOf({ caller, query, operationName, variables }: Asked): string {
  return JSON.stringify([identityOf(caller), operationName ?? null, variables ?? null, query]);
}

/** What an event became for those who are told the same, with its text, which is written once. */
export class SharedResult {
  readonly result: ExecutionResult;
  /** Null: there are errors, which each subscriber is shown by itself. */
  readonly text: string | null;

  constructor(result: ExecutionResult) {
    this.result = result;
    this.text = result.errors === undefined ? JSON.stringify(result) : null;
  }
}

/**
 * What events became for those who read them by themselves at the same time, as ten thousand do who open together: those who ask
 * the same and are given the same event share one execution. It is forgotten with the event.
 */
export class SharedResults {
  readonly #byEvent = new WeakMap<object, Map<string, Promise<SharedResult>>>();

  /** The result of this event for subscriptions of this name. */
  resultOf(
    event: unknown,
    name: string,
    execute: () => Promise<SharedResult>,
  ): Promise<SharedResult> {
    if (typeof event !== 'object' || event === null) return execute();
    const results = this.#byEvent.get(event) ?? new Map<string, Promise<SharedResult>>();
    this.#byEvent.set(event, results);
    const known = results.get(name);
    if (known !== undefined) return known;
    const result = execute();
    results.set(name, result);
    return result;
  }
}

/** Which of several keys or tokens it was makes no difference to what is seen with it. */
function identityOf(caller: Caller): unknown {
  const known = { keyId: null, tokenId: null, expiresAt: null, ...caller };
  const { keyId: _key, tokenId: _token, expiresAt: _expiry, ...identity } = known;
  return identity;
}
