import { setImmediate as nextTurn } from 'node:timers/promises';
import type { GraphContext } from '../graphql/context.ts';
import { KeptAnswers } from './kept-answers.ts';
import type { ExecutePassed, PassedOperation } from './passed-operation.ts';
import type { SharedAnswer } from './shared-answer.ts';

type Variables = Readonly<Record<string, unknown>> | undefined;

/**
 * Executes a query once for all who ask it in the same moment: the same operation, with the same variables and the same
 * credential, such as the tabs of one browser or a dashboard that all of a team look at. An execution begins when nobody
 * who has asked by then is left to be heard, and whoever is heard later begins another: nobody is shown what was read
 * before it was asked for. What is asked again and again is not executed again while a look finds nothing changed.
 */
export class SharedQueries {
  readonly #execute: ExecutePassed;
  readonly #kept = new KeptAnswers();
  /** What is about to begin, by the operation, who asks and with which variables. */
  #beginning = new Map<string, Promise<SharedAnswer>>();
  readonly #numbers = new WeakMap<PassedOperation, number>();
  #operations = 0;

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
    const name = `${this.#numberOf(passed)} ${JSON.stringify([context.caller, variables])}`;
    const asked =
      this.#beginning.get(name) ??
      this.#begin(name, () => this.#answerOne(passed, variables, context));
    this.#beginning.set(name, asked);
    return asked;
  }

  async #begin(name: string, answerOne: () => Promise<SharedAnswer>): Promise<SharedAnswer> {
    await nextTurn();
    // Not emptied, for the sake of the collector: see GatheredReads.
    if (this.#beginning.size > 0) this.#beginning = new Map();
    return this.#kept.answer(name, answerOne);
  }

  #numberOf(passed: PassedOperation): number {
    const known = this.#numbers.get(passed);
    if (known !== undefined) return known;
    this.#operations += 1;
    this.#numbers.set(passed, this.#operations);
    return this.#operations;
  }

  async #answerOne(
    passed: PassedOperation,
    variables: Variables,
    context: GraphContext,
  ): Promise<SharedAnswer> {
    const result = await this.#execute(passed, variables, context);
    const { data, errors } = result;
    return errors === undefined
      ? { body: `${JSON.stringify({ data })}\n` }
      : { body: null, result };
  }
}
