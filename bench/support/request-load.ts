import { HttpCaller } from './http-caller.ts';
import type { MeasurementOrder } from './measurement.ts';
import { accountChooser, seededAccount } from './spend-operation.ts';

/** What the load generator is told to send, again and again, by how many callers. */
export interface RequestOrder extends Omit<MeasurementOrder, 'target'> {
  readonly port: number;
  /** The body of every request; ACCOUNT_ID in it becomes the account's. */
  readonly body: string;
  /** What an answer contains that is as it should be. */
  readonly expected: string;
}

export interface RequestMeasurement {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Where an account's id goes in a body. */
export const ACCOUNT_ID = 'ACCOUNT_ID';

process.on('message', (order: RequestOrder) => {
  measure(order).then(
    (measurement) => process.send?.(measurement),
    (error: Error) => process.send?.({ error: error.stack }),
  );
});

async function measure(order: RequestOrder): Promise<RequestMeasurement> {
  const open = Array.from({ length: order.callers }, () => HttpCaller.open(order.port));
  const connections = await Promise.all(open);
  const begin = performance.now() + order.warmUpMs;
  const end = begin + order.durationMs;
  const latencies: number[] = [];
  const nextAccount = accountChooser(order);
  const askUntilEnd = async (connection: HttpCaller) => {
    for (let asked = performance.now(); asked < end; ) {
      const account = nextAccount();
      const body = order.body.replace(ACCOUNT_ID, seededAccount(account).id);
      const answer = await connection.post(account, body);
      if (!answer.includes(order.expected)) throw new Error(answer.slice(0, 2_000));
      const answered = performance.now();
      if (asked >= begin && answered <= end) latencies.push(answered - asked);
      asked = answered;
    }
  };
  try {
    await Promise.all(connections.map(askUntilEnd));
  } finally {
    for (const connection of connections) connection.close();
  }
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  const perSecond = (latencies.length / order.durationMs) * 1_000;
  return { perSecond, p50Ms: at(0.5), p99Ms: at(0.99) };
}
