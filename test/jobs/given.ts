import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Client } from 'pg';
import { pino } from 'pino';
import { expect, inject } from 'vitest';
import { WebhookEventSchema } from '../../src/inbox/webhook-event.entity.ts';
import { JobRunner } from '../../src/jobs/job-runner.ts';
import type { Task } from '../../src/jobs/task.ts';
import { Database } from '../../src/platform/database/database.ts';
import type { JobOptions } from '../../src/platform/database/transaction.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

export interface JobWorld {
  readonly files: TestDatabase;
  /** As the gateway's role. */
  readonly database: Database;
  readonly owner: Database;
  /** Every line that was logged, parsed. */
  readonly log: Record<string, unknown>[];
  runner(note: Task, options?: Partial<ConstructorParameters<typeof JobRunner>[0]>): JobRunner;
  enqueue(payload: object, options?: JobOptions): Promise<void>;
  /** What is on the queue for the task `note`. */
  queue(): Promise<{ attempts: number; last_error: string | null; locked_by: string | null }[]>;
  /** Makes waiting attempts due. */
  hurry(): Promise<void>;
  /** Cuts every connection to the database and lets nobody in. */
  takeAway(): Promise<void>;
  giveBack(): Promise<void>;
  close(): Promise<void>;
}

export async function jobWorld(): Promise<JobWorld> {
  const files = await createTestDatabase();
  const name = new URL(files.appUrl).pathname.slice(1);
  const connect = (url: string) =>
    Database.connect({
      url,
      entities: [WebhookEventSchema],
      poolSize: 4,
      onPoolError: () => undefined,
    });
  const database = await connect(files.appUrl);
  const owner = await connect(files.ownerUrl);
  const log: Record<string, unknown>[] = [];
  const logger = pino(
    { level: 'debug' },
    new Writable({
      write(line, _encoding, done) {
        log.push(JSON.parse(String(line)) as Record<string, unknown>);
        done();
      },
    }),
  );
  const runners: JobRunner[] = [];
  return {
    files,
    database,
    owner,
    log,
    runner(note, options = {}) {
      const runner = new JobRunner({
        url: files.appUrl,
        database,
        logger,
        tasks: { note },
        crontab: [],
        pollIntervalMs: 100,
        ...options,
      });
      runners.push(runner);
      return runner;
    },
    enqueue: (payload, options) =>
      database.transaction((tx) => tx.enqueue('note', payload, options)),
    async queue() {
      const { rows } = await database.pool.query(
        `select attempts, last_error, locked_by from graphile_worker.jobs where task_identifier = 'note'`,
      );
      return rows;
    },
    async hurry() {
      await owner.pool.query('update graphile_worker._private_jobs set run_at = now()');
    },
    async takeAway() {
      await asSuperuser(`alter database ${name} with allow_connections false`);
      await asSuperuser(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
      );
    },
    giveBack: () => asSuperuser(`alter database ${name} with allow_connections true`),
    async close() {
      await Promise.all(runners.map((runner) => runner.stop()));
      await database.close();
      await owner.close();
      await files.drop();
    },
  };
}

async function asSuperuser(statement: string): Promise<void> {
  const client = new Client({ connectionString: inject('postgres').superuserUrl });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

/** Notes the payloads of the jobs that ran. */
export function notebook() {
  const notes: unknown[] = [];
  const note: Task = async (payload) => {
    notes.push(payload);
  };
  return { notes, note };
}

export async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(check, { timeout: 15_000, interval: 10 }).toBe(true);
}

/** Runs a program of the tests until it says a word. */
export async function startProcess(
  program: URL,
  args: string[],
  word: string,
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program.pathname, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  for await (const line of lines) if (line === word) break;
  return child;
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
