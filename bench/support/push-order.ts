/** Who is listened to, and how it is told to push. */
export interface PushTarget {
  readonly name: string;
  readonly port: number;
  /** Spends through the API, or asks a server that only pushes to publish. */
  readonly trigger: 'spend' | 'publish';
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
  /** One change of the one account after the other, each when everybody has the one before. */
  | { readonly what: 'one account'; readonly changes: number }
  /** One change of every account, by so many callers at a time. */
  | { readonly what: 'every account'; readonly callers: number }
  /** One change after the other of an account with one subscriber. */
  | { readonly what: 'answers'; readonly target: PushTarget; readonly changes: number }
  | { readonly what: 'redis'; readonly url: string; readonly changes: number }
  | { readonly what: 'close' };

export interface PushFigures {
  readonly receipts: number;
  readonly perSecond: number;
  /** From asking for the change to its receipt. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** From the answer to the receipt; less than nothing when the push was there first. */
  readonly afterAnswerP50Ms: number;
  readonly afterAnswerP99Ms: number;
}
