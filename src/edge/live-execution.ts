import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { LiveStream } from '../live/live-stream.ts';
import { invariant } from '../platform/assert.ts';
import { CompiledOperations } from './compiled-operations.ts';
import type { Seat } from './live-audiences.ts';
import { SharedResult, SharedResults } from './shared-results.ts';

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
   * Subscriptions of the same name are answered the same. Answers why, when there is nothing to subscribe to.
   */
  async open(args: ExecutionArgs, name: string): Promise<Seat | ExecutionResult> {
    const stream = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in stream)) return stream;
    invariant(stream instanceof LiveStream, 'what is subscribed to is a LiveStream');
    const execute = (event: unknown) => this.#execute(event, args);
    const share = (event: unknown) =>
      this.#results.resultOf(event, name, async () => execute(event));
    return { name, stream, place: null, execute, share };
  }

  /** At once where nothing has to be waited for: what an event tells is in it already. */
  #execute(event: unknown, args: ExecutionArgs): SharedResult | Promise<SharedResult> {
    const { document, operationName, variableValues } = args;
    const contextValue = { ...(args.contextValue as object) };
    const result = this.#operations.execute({
      document,
      operationName,
      variableValues,
      contextValue,
      rootValue: event,
    });
    if (result instanceof Promise) return result.then((done) => new SharedResult(done));
    return new SharedResult(result);
  }
}
