/** What a client knows of something that it asked for: it was done, it was refused, or no answer ever came. */
export type Outcome = 'acknowledged' | 'refused' | 'unknown';

/** One thing that a client asked for, under one idempotency key, and what it was told in the end. */
export interface Operation {
  readonly kind: 'account' | 'spend' | 'hold' | 'capture' | 'release' | 'check-in' | 'top-up';
  readonly accountId: string | null;
  /** The idempotency key; of an account its external id, of a release the hold's id. */
  readonly key: string;
  readonly amountMicro: string | null;
  /** Of a capture or release, and of a hold that was acknowledged. */
  readonly holdId: string | null;
  /** Of a top-up that was acknowledged. */
  readonly orderId: string | null;
  readonly outcome: Outcome;
}

/** What the clients of a run remember. The database has to agree with it. */
export class Journal {
  readonly operations: Operation[] = [];
  /** Answers that nobody was promised, such as an internal error. */
  readonly surprises: string[] = [];
  /** Requests that were sent again because no answer came, or one that says to come again. */
  retries = 0;

  note(
    operation: Pick<Operation, 'kind' | 'accountId' | 'key' | 'outcome'> & Partial<Operation>,
  ): void {
    this.operations.push({ amountMicro: null, holdId: null, orderId: null, ...operation });
  }

  count(outcome: Outcome): number {
    return this.operations.filter((operation) => operation.outcome === outcome).length;
  }
}
