import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExecutionResult } from 'graphql';
import type { GraphContext } from '../graphql/context.ts';
import type { ExecutePassed, PassedOperation } from './passed-operation.ts';

/** What an operation came to. */
export interface SharedAnswer {
  readonly result: ExecutionResult;
  /** The whole body, written once for all who are told it; null: there are errors, which each is shown with its own request id. */
  readonly body: string | null;
}

type Variables = Readonly<Record<string, unknown>> | undefined;

/**
 * Executes a query once for all who ask it in the same moment: the same operation, with the same variables and the same
 * credential, such as the tabs of one browser or a dashboard that all of a team look at. An execution begins when nobody
 * who has asked by then is left to be heard, and whoever is heard later begins another: nobody is shown what was read
 * before it was asked for.
 */
export class SharedQueries {
  readonly #execute: ExecutePassed;
  /** What is about to begin, by the operation, and by who asks with which variables. */
  #beginning = new Map<PassedOperation, Map<string, Promise<SharedAnswer>>>();

  constructor(execute: ExecutePassed) {
    this.#execute = execute;
  }

  /** Executes an operation, a query together with those that are the same. Rejects as its execution does. */
  answer(
    passed: PassedOperation,
    variables: Variables,
    context: GraphContext,
  ): Promise<SharedAnswer> {
    if (passed.operation.operation !== 'query') return this.#answerOne(passed, variables, context);
    const name = JSON.stringify([context.caller, variables]);
    const known = this.#beginning.get(passed) ?? new Map<string, Promise<SharedAnswer>>();
    this.#beginning.set(passed, known);
    const asked = known.get(name) ?? this.#begin(passed, variables, context);
    known.set(name, asked);
    return asked;
  }

  async #begin(
    passed: PassedOperation,
    variables: Variables,
    context: GraphContext,
  ): Promise<SharedAnswer> {
    await nextTurn();
    // Not emptied, for the sake of the collector: see GatheredReads.
    if (this.#beginning.size > 0) this.#beginning = new Map();
    return this.#answerOne(passed, variables, context);
  }

  async #answerOne(
    passed: PassedOperation,
    variables: Variables,
    context: GraphContext,
  ): Promise<SharedAnswer> {
    const result = await this.#execute(passed, variables, context);
    const { data, errors } = result;
    return { result, body: errors === undefined ? `${JSON.stringify({ data })}\n` : null };
  }
}
