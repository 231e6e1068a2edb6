import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { LiveStream } from '../live/live-stream.ts';
import { invariant } from '../platform/assert.ts';
import { CompiledOperations } from './compiled-operations.ts';
import { type Audience, type Listener, LiveAudiences, type Seat } from './live-audiences.ts';
import { SharedResults } from './shared-results.ts';

/** A subscription that passed all rules. */
export interface LiveArgs extends ExecutionArgs {
  /** Subscriptions of the same name are answered the same. */
  readonly name: string;
  /** Sends a result without errors if the network takes it right away; false when it has to be waited for. */
  readonly sendAtOnce: (result: ExecutionResult) => boolean;
}

type Result = IteratorResult<ExecutionResult, void>;

/** Executes the events of subscriptions, those of the same name once. */
export class LiveExecution {
  readonly #operations: CompiledOperations;
  readonly #results = new SharedResults();
  readonly #audiences = new LiveAudiences();

  constructor(schema: GraphQLSchema) {
    this.#operations = new CompiledOperations(schema);
  }

  /**
   * As `subscribe` of graphql-js, but every event is executed with a context of its own: what loaders remember belongs to
   * one event, or a subscription of days would answer with what it read on the first one, and remember ever more. Results
   * that can be sent at once are not among those that the iterator gives.
   */
  async subscribe(
    args: ExecutionArgs,
  ): Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult> {
    const source = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in source)) return source;
    invariant(source instanceof LiveStream, 'what is subscribed to is a LiveStream');
    const { name, sendAtOnce } = args as LiveArgs;
    const execute = (event: unknown) =>
      this.#results.resultOf(event, name, () => this.#execute(event, args));
    const seat = { name, stream: source, place: null, execute };
    return new HeardEvents(this.#audiences, seat, sendAtOnce);
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

/**
 * One subscriber's results: the first from a reading of its own, for nobody may be told of a time before he asked; then those
 * that it could not be sent at once. Whoever asks for the next has sent the one before, and listens with the others again.
 */
class HeardEvents implements AsyncGenerator<ExecutionResult, void, void>, Listener {
  readonly #audiences: LiveAudiences;
  readonly sendAtOnce: (result: ExecutionResult) => boolean;
  /** Where it goes on; null while it listens with others. */
  #seat: Seat | null;
  /** Nobody else reads its stream. */
  #isAlone = true;
  #hasHeard = false;
  #audience: Audience | null = null;
  #waiting: PromiseWithResolvers<Result> | null = null;
  #isOver = false;

  constructor(
    audiences: LiveAudiences,
    seat: Seat,
    sendAtOnce: (result: ExecutionResult) => boolean,
  ) {
    this.#audiences = audiences;
    this.#seat = seat;
    this.sendAtOnce = sendAtOnce;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  next(): Promise<Result> {
    const seat = this.#seat;
    if (this.#isOver || seat === null) return Promise.resolve({ value: undefined, done: true });
    if (!this.#hasHeard) return this.#first(seat);
    const waiting = Promise.withResolvers<Result>();
    this.#waiting = waiting;
    // Ten thousand who wait are to hold on to nothing that one of them holds already.
    this.#seat = null;
    this.#audience = this.#isAlone
      ? this.#audiences.join(this, { ...seat, place: seat.stream.place }, seat.stream)
      : this.#audiences.join(this, seat, null);
    this.#isAlone = false;
    return waiting.promise;
  }

  leaveWith(result: ExecutionResult, seat: Seat): void {
    this.#audience = null;
    this.#seat = seat;
    this.#answer({ value: result, done: false });
  }

  moveTo(audience: Audience): void {
    this.#audience = audience;
  }

  end(): void {
    this.#isOver = true;
    this.#audience = null;
    this.#answer({ value: undefined, done: true });
  }

  fail(error: unknown): void {
    this.#isOver = true;
    this.#audience = null;
    this.#waiting?.reject(error);
    this.#waiting = null;
  }

  async return(): Promise<Result> {
    this.#audience?.leave(this);
    if (this.#isAlone) void this.#seat?.stream.return();
    this.end();
    return { value: undefined, done: true };
  }

  async throw(error: unknown): Promise<Result> {
    await this.return();
    throw error;
  }

  async #first({ stream, execute }: Seat): Promise<Result> {
    this.#hasHeard = true;
    const { value: event, done } = await stream.next();
    if (done) return { value: undefined, done: true };
    return { value: await execute(event), done: false };
  }

  #answer(result: Result): void {
    this.#waiting?.resolve(result);
    this.#waiting = null;
  }
}
