/** With whose key an account is spent from. */
export type KeyKind = 'masterKey' | 'agentKey';

/** What the load generator is told to do. */
export interface MeasurementOrder {
  /** The port of a server, those of several that share the callers, or the URL of a database to be asked without any. */
  readonly target:
    | { readonly port: number }
    | { readonly ports: readonly number[] }
    | { readonly databaseUrl: string };
  /** How many callers ask at the same time, each waiting for its answer before it asks again. */
  readonly callers: number;
  /** How many accounts they spend from, chosen at random. */
  readonly accounts: number;
  /** Chooses the accounts: the same number, the same choice. */
  readonly seed: number;
  /** Not given: with the master key. */
  readonly by?: KeyKind;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

/** What came out of it. */
export interface Measurement {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Spends that were answered as applied, those of the warm-up included. */
  readonly applied: number;
}

/** The middle value of an odd number of values. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
