import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { InboxListStore } from '../inbox/inbox-list.store.ts';
import type { JobQueueStore } from '../jobs/job-queue.store.ts';
import type { Task, Tasks } from '../jobs/task.ts';
import type { LiveHub } from '../live/hub.ts';
import type { Clock } from '../platform/clock.ts';
import { inBackground } from '../platform/database/background.ts';
import type { Database } from '../platform/database/database.ts';
import { DomainError } from '../platform/errors.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Channel } from '../platform/money.ts';
import type { Tracing } from '../platform/tracing.ts';
import type { PaymentProvider } from '../providers/payment-provider.ts';

interface Watched {
  readonly database: Database;
  readonly hub: LiveHub;
  readonly clock: Clock;
  readonly inbox: InboxListStore;
  readonly queue: JobQueueStore;
  readonly openSockets: () => number;
}

const NS_PER_S = 1e9;
const LOOP_RESOLUTION_MS = 20;

/** Adds what is read of the process and of the queues whenever somebody asks. Answers what ends the watching. */
export function watchParts(metrics: Metrics, watched: Watched): () => void {
  const { database, hub, clock, openSockets } = watched;
  const waitingWebhooks = shared(() => watched.inbox.waiting());
  const dueJobs = shared(() => watched.queue.due());
  metrics.read('tollgate_open_sockets', 'Sockets that are open and let in.', openSockets);
  metrics.read('tollgate_live_watchers', 'Streams that wait for changes.', () => hub.watcherCount);
  metrics.read(
    'tollgate_webhook_lag_seconds',
    'How long the oldest webhook waits that is not worked on.',
    async () => {
      const { oldestReceivedAt } = await waitingWebhooks();
      return oldestReceivedAt === null ? 0 : secondsSince(oldestReceivedAt, clock.now());
    },
  );
  metrics.read('tollgate_webhooks_waiting', 'Webhooks that wait or are tried again.', async () => {
    return (await waitingWebhooks()).count;
  });
  metrics.read('tollgate_webhooks_dead', 'Webhooks that have used up their attempts.', async () => {
    return (await waitingWebhooks()).deadCount;
  });
  metrics.read(
    'tollgate_job_lag_seconds',
    'How long the oldest job waits that could run.',
    async () => {
      return (await dueJobs()).oldestSeconds;
    },
  );
  metrics.read(
    'tollgate_jobs_due',
    'Jobs that could run and do not.',
    async () => (await dueJobs()).count,
  );
  watchPool(metrics, database);
  return watchProcess(metrics);
}

/** One look for all who want to know at the same time, on the connections of the background: readings are in nobody's way. */
function shared<Found>(look: () => Promise<Found>): () => Promise<Found> {
  let looking: Promise<Found> | null = null;
  return () => {
    looking ??= inBackground(look).finally(() => {
      looking = null;
    });
    return looking;
  };
}

/** Jobs that are timed by their task. */
export function timedTasks(tasks: Tasks, metrics: Metrics, tracing: Tracing | null): Tasks {
  const timed = Object.entries(tasks).map(([name, task]): [string, Task] => [
    name,
    async (payload, context) => {
      const begunAt = performance.now();
      const run = () => task(payload, context);
      try {
        await (tracing === null ? run() : tracing.span(`job ${name}`, {}, run));
        metrics.jobRun(name, 'done', secondsFrom(begunAt));
      } catch (error) {
        metrics.jobRun(name, 'failed', secondsFrom(begunAt));
        throw error;
      }
    },
  ]);
  return Object.fromEntries(timed);
}

/** Providers whose calls are timed by what was asked. */
export function timedProviders(
  providers: ReadonlyMap<Channel, PaymentProvider>,
  metrics: Metrics,
  tracing: Tracing | null,
): ReadonlyMap<Channel, PaymentProvider> {
  return new Map(
    [...providers].map(([channel, provider]) => [channel, timed(provider, metrics, tracing)]),
  );
}

function timed(provider: PaymentProvider, metrics: Metrics, tracing: Tracing | null) {
  const { channel } = provider;
  return new Proxy(provider, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const begunAt = performance.now();
        const call = (): unknown => Reflect.apply(member, target, args);
        const attributes = { 'peer.service': channel.toLowerCase() };
        const isCall = !SYNCHRONOUS.has(String(name));
        const answer =
          tracing === null || !isCall
            ? call()
            : tracing.span(`provider ${String(name)}`, attributes, async () => call());
        if (!(answer instanceof Promise)) return answer;
        return answer.then(
          (value) => {
            metrics.providerCalled(channel, String(name), 'OK', secondsFrom(begunAt));
            return value;
          },
          (error: unknown) => {
            const outcome = error instanceof DomainError ? error.code : 'FAILED';
            metrics.providerCalled(channel, String(name), outcome, secondsFrom(begunAt));
            throw error;
          },
        );
      };
    },
  });
}

/** What a provider does by itself, without asking anybody. */
const SYNCHRONOUS: ReadonlySet<string> = new Set(['verifyWebhook', 'translateEvent']);

function watchPool(metrics: Metrics, { pool }: Database): void {
  metrics.read(
    'tollgate_database_connections',
    'Connections for those who wait for an answer.',
    () => pool.totalCount,
  );
  metrics.read(
    'tollgate_database_connections_idle',
    'Those that nobody uses.',
    () => pool.idleCount,
  );
  metrics.read(
    'tollgate_database_waiting',
    'How many wait for a connection.',
    () => pool.waitingCount,
  );
}

function watchProcess(metrics: Metrics): () => void {
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  metrics.read(
    'tollgate_event_loop_delay_p99_seconds',
    'By how much the event loop was late, since the last reading.',
    () => {
      const lateNs = loop.percentile(99) - LOOP_RESOLUTION_MS * 1e6;
      loop.reset();
      return Math.max(0, lateNs) / NS_PER_S;
    },
  );
  metrics.read('process_resident_memory_bytes', 'Resident memory.', () =>
    process.memoryUsage.rss(),
  );
  metrics.read('process_cpu_seconds_total', 'Processor time, of user and system.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  metrics.read(
    'process_start_time_seconds',
    'When the process started.',
    () => Math.round(performance.timeOrigin) / 1_000,
  );
  return () => loop.disable();
}

function secondsFrom(begunAt: number): number {
  return (performance.now() - begunAt) / 1_000;
}

function secondsSince(then: Date, now: Date): number {
  return Math.max(0, now.getTime() - then.getTime()) / 1_000;
}
