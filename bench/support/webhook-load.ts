import { HttpCaller } from './http-caller.ts';
import { signedEvent } from './webhook-events.ts';

/** What the load generator is told to do: send this many new events, each once. */
export interface WebhookOrder {
  readonly port: number;
  readonly callers: number;
  readonly events: number;
}

export interface WebhookMeasurement {
  /** From the first request to the last answer. */
  readonly durationMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

let sent = 0;

process.on('message', (order: WebhookOrder) => {
  measure(order).then(
    (measurement) => process.send?.(measurement),
    (error: Error) => process.send?.({ error: error.stack }),
  );
});

async function measure({ port, callers, events }: WebhookOrder): Promise<WebhookMeasurement> {
  const open = Array.from({ length: callers }, () => HttpCaller.open(port));
  const connections = await Promise.all(open);
  // Signed and written before the race begins: what the sender does for each event would slow down whoever shares the machine with it.
  const waiting = Array.from({ length: events }, () => {
    sent += 1;
    const { header, body } = signedEvent(`${process.pid}x${sent}`, sent);
    return HttpCaller.requestOf('/webhooks/stripe', `stripe-signature: ${header}`, body);
  });
  const latencies: number[] = [];
  const sendUntilDone = async (connection: HttpCaller) => {
    for (let event = waiting.pop(); event !== undefined; event = waiting.pop()) {
      const asked = performance.now();
      const answer = await connection.ask(event);
      if (answer !== '{"received":true}') throw new Error(answer.slice(0, 2_000));
      latencies.push(performance.now() - asked);
    }
  };
  const begin = performance.now();
  try {
    await Promise.all(connections.map(sendUntilDone));
  } finally {
    for (const connection of connections) connection.close();
  }
  const durationMs = performance.now() - begin;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  return { durationMs, p50Ms: at(0.5), p99Ms: at(0.99) };
}
