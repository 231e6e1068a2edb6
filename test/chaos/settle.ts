import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { JobQueueStore } from '../../src/jobs/job-queue.store.ts';
import { Database } from '../../src/platform/database/database.ts';
import { entities } from '../../src/platform/database/entities.ts';
import type { World } from './world.ts';

const LOOK_EVERY_MS = 50;
const SETTLED_WITHIN_MS = 90_000;
/** Longer than it takes until the jobs of a dead process are given back. */
const PATIENCE_MS = 15_000;

const UNFINISHED = `select
  (select count(*)::int from webhook_event where status in ('RECEIVED', 'FAILED')) as events,
  (select count(*)::int from graphile_worker.jobs where attempts < max_attempts and locked_at is not null) as taken,
  (select count(*)::int from graphile_worker.jobs where attempts < max_attempts and locked_at is null
    and (attempts > 0 or run_at <= now())) as waiting`;
const LEFT = `select task_identifier, attempts, run_at - now() as due_in, locked_by, last_error
  from graphile_worker.jobs where attempts < max_attempts limit 5`;
const HURRY = `update graphile_worker._private_jobs set run_at = now()
  where locked_at is null and attempts > 0 and attempts < max_attempts and run_at > now()`;

/**
 * Resolves when everybody is up, every webhook has arrived, and every job is done. Attempts that wait for their time are
 * made at once; the jobs of the dead as well, unless `isPatient`: then they come back as they would by themselves.
 */
export async function settle(world: World, isPatient: boolean): Promise<void> {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  await Promise.all(world.gateways.map(({ url }) => untilReady(url, deadline)));
  const url = world.postgres.ownerUrl;
  const owner = new Client({ connectionString: url });
  const database = await Database.connect({
    url,
    entities,
    poolSize: 1,
    onPoolError: () => undefined,
  });
  await owner.connect();
  const queue = new JobQueueStore(database);
  const since = performance.now();
  try {
    for (;;) {
      const undelivered = await world.drainWebhooks();
      const { rows } = await owner.query<{ events: number; taken: number; waiting: number }>(
        UNFINISHED,
      );
      const { events = 0, taken = 0, waiting = 0 } = rows[0] ?? {};
      if (undelivered + events + taken + waiting === 0) return;
      if (performance.now() > deadline) {
        const { rows: jobs } = await owner.query(LEFT);
        const left = JSON.stringify({ undelivered, events, taken, waiting, jobs });
        throw new Error(`It does not come to rest: ${left}`);
      }
      if (!isPatient) await queue.releaseAbandoned(0);
      if (!isPatient || performance.now() - since > PATIENCE_MS || taken === 0)
        await owner.query(HURRY);
      await pause(LOOK_EVERY_MS);
    }
  } finally {
    await owner.end();
    await database.close();
  }
}

async function untilReady(url: string, deadline: number): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    if (performance.now() > deadline) throw new Error(`${url} does not get ready.`);
    await pause(LOOK_EVERY_MS);
  }
}
