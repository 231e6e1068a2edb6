import { fork } from 'node:child_process';
import { once } from 'node:events';
import { median } from './measurement.ts';
import type { RequestMeasurement, RequestOrder } from './request-load.ts';
import { stopChild } from './server-process.ts';

/** A server that is asked the same as the others, in its own words. */
export interface Runner {
  readonly title: string;
  readonly port: number;
  readonly body: string;
  /** What a right answer contains. */
  readonly expected: string;
  stop(): Promise<void>;
}

export type Load = Omit<RequestOrder, 'port' | 'body' | 'expected' | 'seed'>;

/** How often everyone's turn comes, besides those that only warm up. */
export const REPETITIONS = 5;

/**
 * Lets everyone take turns, of which the first `warmUps` do not count, and answers the medians of what was measured, in the
 * order of the runners.
 */
export async function raceRequests(
  runners: readonly Runner[],
  load: Load,
  warmUps = 1,
): Promise<RequestMeasurement[]> {
  const generator = fork(new URL('./request-load.ts', import.meta.url));
  const found = new Map<Runner, RequestMeasurement[]>(runners.map((runner) => [runner, []]));
  try {
    for (let repetition = 0; repetition < warmUps + REPETITIONS; repetition += 1) {
      for (const runner of repetition % 2 === 0 ? runners : runners.toReversed()) {
        const { port, body, expected } = runner;
        const order: RequestOrder = { ...load, port, body, expected, seed: repetition };
        const measured = await measure(generator, order);
        tell(runner, measured);
        if (repetition >= warmUps) found.get(runner)?.push(measured);
      }
    }
  } finally {
    await stopChild(generator);
  }
  return [...found.values()].map((all) => ({
    perSecond: median(all.map(({ perSecond }) => perSecond)),
    p50Ms: median(all.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(all.map(({ p99Ms }) => p99Ms)),
  }));
}

async function measure(
  generator: ReturnType<typeof fork>,
  order: RequestOrder,
): Promise<RequestMeasurement> {
  const answer = once(generator, 'message');
  generator.send(order);
  const [measured] = (await answer) as [RequestMeasurement | { error: string }];
  if ('error' in measured) throw new Error(measured.error);
  return measured;
}

function tell({ title }: Runner, { perSecond, p99Ms }: RequestMeasurement): void {
  const figures = `${perSecond.toFixed(0).padStart(7)}/s  p99 ${p99Ms.toFixed(2).padStart(7)} ms`;
  process.stderr.write(`  ${title.padEnd(36)}${figures}\n`);
}
