import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { CompiledOperations } from './compiled-operations.ts';
import { SharedResults } from './shared-results.ts';

/** A subscription that passed all rules. */
export interface LiveArgs extends ExecutionArgs {
  /** Subscriptions of the same name are answered the same. */
  readonly name: string;
}

/** Executes the events of subscriptions, those of the same name once. */
export class LiveExecution {
  readonly #operations: CompiledOperations;
  readonly #results = new SharedResults();

  constructor(schema: GraphQLSchema) {
    this.#operations = new CompiledOperations(schema);
  }

  /**
   * As `subscribe` of graphql-js, but every event is executed with a context of its own: what loaders remember belongs to
   * one event, or a subscription of days would answer with what it read on the first one, and remember ever more.
   */
  async subscribe(
    args: ExecutionArgs,
  ): Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult> {
    const source = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in source)) return source;
    const { name } = args as LiveArgs;
    return new ExecutedEvents(source[Symbol.asyncIterator](), (event) =>
      this.#results.resultOf(event, name, () => this.#execute(event, args)),
    );
  }

  /** What subscribers of one result are sent. */
  textOf(result: ExecutionResult): string {
    return this.#results.textOf(result);
  }

  #execute(event: unknown, args: ExecutionArgs): Promise<ExecutionResult> {
    const contextValue = { ...(args.contextValue as object) };
    return this.#operations.execute({ ...args, rootValue: event, contextValue });
  }
}

/** Not a generator function: those answer to `return` only when their `next` is done, and a stream waits there for days. */
class ExecutedEvents implements AsyncGenerator<ExecutionResult, void, void> {
  readonly #source: AsyncIterator<unknown>;
  readonly #execute: (event: unknown) => Promise<ExecutionResult>;

  constructor(
    source: AsyncIterator<unknown>,
    execute: (event: unknown) => Promise<ExecutionResult>,
  ) {
    this.#source = source;
    this.#execute = execute;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async next(): Promise<IteratorResult<ExecutionResult, void>> {
    const event = await this.#source.next();
    if (event.done) return { value: undefined, done: true };
    return { value: await this.#execute(event.value), done: false };
  }

  async return(): Promise<IteratorResult<ExecutionResult, void>> {
    await this.#source.return?.();
    return { value: undefined, done: true };
  }

  async throw(error: unknown): Promise<IteratorResult<ExecutionResult, void>> {
    await this.#source.return?.();
    throw error;
  }
}
