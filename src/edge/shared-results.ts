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
  const { keyId: _, ...identity } = { keyId: null, ...caller };
  return JSON.stringify([identity, operationName ?? null, variables ?? null, query]);
}

/**
 * What events became for their subscribers. Those who ask the same and are given the same event share one execution, and
 * one text of its result; it is forgotten with the event.
 */
export class SharedResults {
  readonly #byEvent = new WeakMap<object, Map<string, Promise<ExecutionResult>>>();
  readonly #texts = new WeakMap<ExecutionResult, string>();

  /** The result of this event for subscriptions of this name. */
  resultOf(
    event: unknown,
    name: string,
    execute: () => Promise<ExecutionResult>,
  ): Promise<ExecutionResult> {
    if (typeof event !== 'object' || event === null) return execute();
    const results = this.#byEvent.get(event) ?? new Map<string, Promise<ExecutionResult>>();
    this.#byEvent.set(event, results);
    const known = results.get(name);
    if (known !== undefined) return known;
    const result = execute();
    results.set(name, result);
    return result;
  }

  /** A result without errors as JSON, written once. */
  textOf(result: ExecutionResult): string {
    const known = this.#texts.get(result);
    if (known !== undefined) return known;
    const text = JSON.stringify(result);
    this.#texts.set(result, text);
    return text;
  }
}

/** The property by which a message says which text belongs in the place of its payload. */
const TICKET = 'ticket';
const TAIL = new RegExp(`"payload":\\{"${TICKET}":(\\d+)\\}\\}$`);

/**
 * Puts texts that are written already into messages, behind each subscriber's own operation id: the protocol's library
 * writes every message from its parts, and is given a ticket for the large one.
 */
export class PayloadTickets {
  readonly #texts = new Map<number, string>();
  #issued = 0;

  /** A payload to be replaced by this text. */
  issue(text: string): Record<string, unknown> {
    this.#issued += 1;
    this.#texts.set(this.#issued, text);
    return { [TICKET]: this.#issued };
  }

  /** The message with its text; any other message is left as it is. */
  redeem(message: string): string {
    // Only payloads of ours end like this: what clients wrote is quoted, and results begin with data or errors.
    const match = TAIL.exec(message.slice(-LONGEST_TAIL));
    const ticket = Number(match?.[1]);
    const text = this.#texts.get(ticket);
    if (match === null || text === undefined) return message;
    this.#texts.delete(ticket);
    return `${message.slice(0, message.length - match[0].length)}"payload":${text}}`;
  }
}

const LONGEST_TAIL = 48;
