import {
  type ReckonedEvent,
  type RecordOutcome,
  UsageStore,
} from '../../src/features/usage/usage.store.ts';
import { Coalescer } from '../../src/platform/coalescer.ts';
import { Database } from '../../src/platform/database/database.ts';
import { entities } from '../../src/platform/database/entities.ts';
import { HttpCaller } from './http-caller.ts';
import { seededAccount } from './spend-operation.ts';
import { batchBody, FAR_LIMIT, recordBody } from './usage-operation.ts';

/** What the load generator is told to do. */
export interface UsageOrder {
  /** The port of a server, or the URL of a database to be asked without any server. */
  readonly target: { readonly port: number } | { readonly databaseUrl: string };
  /** How many callers ask at the same time, each waiting for its answer before it asks again. */
  readonly callers: number;
  readonly accounts: number;
  /** How many events a call carries; one goes by recordUsage. */
  readonly events: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

/** What came out of it. */
export interface UsageMeasurement {
  /** Events that were counted in a second. */
  readonly perSecond: number;
  /** All that were counted, those of the warm-up included. */
  readonly counted: number;
}

type Call = (account: number, key: string) => Promise<void>;

const PERIOD = { start: new Date('2026-01-01T00:00:00Z'), end: new Date('2100-01-01T00:00:00Z') };
/** As many as Tollgate's own steps have at most. */
const LARGEST_STEP = 512;
let keysUsed = 0;

process.on('message', (order: UsageOrder) => {
  measure(order).then(
    (measurement) => process.send?.(measurement),
    (error: Error) => process.send?.({ error: error.stack }),
  );
});

async function measure(order: UsageOrder): Promise<UsageMeasurement> {
  const { calls, close } =
    'port' in order.target
      ? await httpCalls(order.target.port, order)
      : await sqlCalls(order.target.databaseUrl, order);
  const begin = performance.now() + order.warmUpMs;
  const end = begin + order.durationMs;
  let counted = 0;
  let inTime = 0;
  const callUntilEnd = async (call: Call) => {
    for (let asked = performance.now(); asked < end; ) {
      keysUsed += 1;
      await call(Math.floor(Math.random() * order.accounts), `bench-${keysUsed}`);
      counted += order.events;
      const answered = performance.now();
      if (asked >= begin && answered <= end) inTime += order.events;
      asked = answered;
    }
  };
  try {
    await Promise.all(calls.map(callUntilEnd));
  } finally {
    await close();
  }
  return { perSecond: (inTime / order.durationMs) * 1_000, counted };
}

async function httpCalls(port: number, { callers, events }: UsageOrder) {
  const open = Array.from({ length: callers }, () => HttpCaller.open(port));
  const connections = await Promise.all(open);
  const calls = connections.map((connection): Call => {
    return async (account, key) => {
      const body = events === 1 ? recordBody(key) : batchBody(key, events);
      const answer = await connection.post(account, body);
      const counted = answer.split('"__typename":"RecordUsagePayload"').length - 1;
      if (counted !== events) throw new Error(answer.slice(0, 1_000));
    };
  });
  const close = async () => {
    for (const connection of connections) connection.close();
  };
  return { calls, close };
}

/** Tollgate's statement, coalesced as Tollgate does it, from Node: no HTTP, no GraphQL, nothing to be reckoned. */
async function sqlCalls(url: string, { callers, events }: UsageOrder) {
  const database = await Database.connect({
    url,
    entities,
    poolSize: 20,
    onPoolError: () => undefined,
  });
  const store = new UsageStore(database);
  const coalescer = new Coalescer<ReckonedEvent, RecordOutcome>({
    work: (reckoned) => store.record(reckoned, new Date()),
    keyOf: (event) => `${event.accountId} ${event.idempotencyKey}`,
    isOutage: () => false,
    maxBatch: LARGEST_STEP,
  });
  const standings = new Map<string, string>();
  const call: Call = async (account, key) => {
    const { id } = seededAccount(account);
    const standing = standings.get(id) ?? (await standingOf(database, id));
    standings.set(id, standing);
    const reckoned = Array.from({ length: events }, (_, n) =>
      reckonedEvent(id, `${key}-${n}`, standing),
    );
    const outcomes = await Promise.all(reckoned.map((event) => coalescer.submit(event)));
    if (!outcomes.every(({ outcome }) => outcome === 'counted'))
      throw new Error(JSON.stringify(outcomes[0]));
  };
  return { calls: Array.from({ length: callers }, () => call), close: () => database.close() };
}

async function standingOf(database: Database, accountId: string): Promise<string> {
  const text = 'select usage_standing(a, null) as standing from account a where id = $1';
  const [row] = await database.query<{ standing: string }>({ name: 'standing', text }, [accountId]);
  return row?.standing ?? '';
}

function reckonedEvent(accountId: string, idempotencyKey: string, standing: string): ReckonedEvent {
  return {
    accountId,
    metric: 'apiCalls',
    quantity: 1n,
    occurredAt: null,
    idempotencyKey,
    terms: { name: 'apiCalls', kind: 'COUNTER' },
    standing,
    period: { ...PERIOD, timeZone: 'UTC' },
    isPast: false,
    latePeriod: null,
    localDate: new Date().toISOString().slice(0, 10),
    limit: {
      allowance: 'FINITE',
      units: BigInt(FAR_LIMIT),
      enforcement: 'HARD',
      isTrial: false,
    },
  };
}
