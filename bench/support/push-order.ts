/** Who is listened to, and the database that its messages come from. */
export interface PushTarget {
  readonly name: string;
  readonly port: number;
  readonly databaseUrl: string;
}

/** What the audience is told to do. */
export type PushOrder =
  | {
      readonly what: 'open';
      readonly target: PushTarget;
      readonly sockets: number;
      /** Over how many accounts the sockets are spread, from the first on. */
      readonly accounts: number;
    }
  /** So many runs over the accounts that are watched, each when everybody has the one before. */
  | { readonly what: 'runs'; readonly count: number }
  /** One spend after the other of an account with one subscriber. */
  | { readonly what: 'answers'; readonly target: PushTarget; readonly changes: number }
  | { readonly what: 'redis'; readonly url: string; readonly changes: number }
  | { readonly what: 'close' };

export interface PushFigures {
  readonly receipts: number;
  readonly perSecond: number;
  /** From the commit of the change, or asking for it, to its receipt. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** From the answer to the receipt; less than nothing when the push was there first. */
  readonly afterAnswerP50Ms: number;
  readonly afterAnswerP99Ms: number;
  /** Some of the messages, by account and run. */
  readonly samples?: Readonly<Record<string, string>>;
}
