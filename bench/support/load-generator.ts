import { Pool } from 'pg';
import {
  PEER_SPEND,
  type PeerSpendRow,
  peerSpendValues,
  toAnswer,
} from '../peers/peer-spend-statement.ts';
import { HttpCaller } from './http-caller.ts';
import type { Measurement, MeasurementOrder } from './measurement.ts';
import { accountChooser, seededAccount, spendInput } from './spend-operation.ts';

/** Spends from an account; resolves when it was applied and throws otherwise. */
type Caller = (account: number, idempotencyKey: string) => Promise<void>;

const POOL_SIZE = 20;
const QUARTER_CREDIT = 250_000n;
let keysUsed = 0;

// A process of its own: it is told what to measure, one thing after the other, and answers with the figures.
process.on('message', (order: MeasurementOrder) => {
  measure(order).then(
    (measurement) => process.send?.(measurement),
    (error: Error) => process.send?.({ error: error.stack }),
  );
});

async function measure(order: MeasurementOrder): Promise<Measurement> {
  const { callers, close } = await callersOf(order);
  const begin = performance.now() + order.warmUpMs;
  const end = begin + order.durationMs;
  const latencies: number[] = [];
  const nextAccount = accountChooser(order);
  let applied = 0;
  const callUntilEnd = async (call: Caller) => {
    for (let asked = performance.now(); asked < end; ) {
      keysUsed += 1;
      await call(nextAccount(), `bench-${keysUsed}`);
      applied += 1;
      const answered = performance.now();
      if (asked >= begin && answered <= end) latencies.push(answered - asked);
      asked = answered;
    }
  };
  try {
    await Promise.all(callers.map(callUntilEnd));
  } finally {
    await close();
  }
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  const perSecond = (latencies.length / order.durationMs) * 1_000;
  return { perSecond, p50Ms: at(0.5), p99Ms: at(0.99), applied };
}

async function callersOf(order: MeasurementOrder) {
  const { target, callers } = order;
  if ('port' in target) return httpCallers([target.port], order);
  if ('ports' in target) return httpCallers(target.ports, order);
  return sqlCallers(target.databaseUrl, callers);
}

async function httpCallers(ports: readonly number[], order: MeasurementOrder) {
  const open = Array.from({ length: order.callers }, (_, n) =>
    HttpCaller.open(ports[n % ports.length] ?? 0),
  );
  const connections = await Promise.all(open);
  const callers = connections.map((connection): Caller => {
    return async (account, idempotencyKey) => {
      const body = await connection.spend(account, idempotencyKey, order.by);
      if (!body.includes('"__typename":"SpendCreditsPayload"')) throw new Error(body);
    };
  });
  const close = async () => {
    for (const connection of connections) connection.close();
  };
  return { callers, close };
}

function sqlCallers(databaseUrl: string, count: number) {
  const pool = new Pool({ connectionString: databaseUrl, max: POOL_SIZE });
  const call: Caller = async (account, idempotencyKey) => {
    const now = new Date();
    const input = { ...spendInput(idempotencyKey), amount: QUARTER_CREDIT };
    const values = peerSpendValues(seededAccount(account).id, input, now);
    const { rows } = await pool.query<PeerSpendRow>({ ...PEER_SPEND, values });
    const { refusal } = toAnswer(rows[0], now);
    if (refusal !== null) throw new Error(refusal);
  };
  return { callers: Array.from({ length: count }, () => call), close: () => pool.end() };
}
