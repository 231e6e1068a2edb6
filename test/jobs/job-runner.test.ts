import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, type JobWorld, jobWorld, kill, notebook, startProcess } from './given.ts';

let world: JobWorld;

beforeEach(async () => {
  world = await jobWorld();
});

afterEach(() => world?.close());

describe('a job', () => {
  it('is run as the role that the gateway serves as, and leaves the queue', async () => {
    const { notes, note } = notebook();
    const runner = world.runner(note);
    await runner.start();

    await world.enqueue({ n: 1 });
    await runner.whenIdle();

    expect(notes).toEqual([{ n: 1 }]);
    expect(await world.queue()).toEqual([]);
  });

  it('is told of at once, without waiting for the next look at the queue', async () => {
    const { notes, note } = notebook();
    const runner = world.runner(note, { pollIntervalMs: 3_600_000 });
    await runner.start();
    await eventually(async () => {
      const { rows } = await world.owner.pool.query(
        `select 1 from pg_stat_activity where datname = current_database() and query ilike '%pg_advisory_lock_shared%'`,
      );
      return rows.length > 0;
    });

    await world.enqueue({ n: 1 });
    await runner.whenIdle();

    expect(notes).toEqual([{ n: 1 }]);
  });

  it('comes with its transaction, or not at all', async () => {
    const { notes, note } = notebook();
    const runner = world.runner(note);
    await runner.start();

    await expect(
      world.database.transaction(async (tx) => {
        await tx.enqueue('note', { n: 1 });
        throw new Error('undone');
      }),
    ).rejects.toThrow('undone');
    await world.enqueue({ n: 2 });
    await runner.whenIdle();

    expect(notes).toEqual([{ n: 2 }]);
  });

  it('that fails is tried again later, and told of as a warning', async () => {
    const attempts: number[] = [];
    const runner = world.runner(async (_payload, { attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error('Not yet.');
    });
    await runner.start();

    await world.enqueue({});
    await runner.whenIdle();
    expect(await world.queue()).toEqual([{ attempts: 1, last_error: 'Not yet.', locked_by: null }]);
    await world.hurry();
    await eventually(async () => (await world.queue()).length === 0);

    expect(attempts).toEqual([1, 2]);
    const failures = world.log.filter((line) => line.task === 'note');
    expect(failures).toMatchObject([{ level: 40, attempt: 1, err: { message: 'Not yet.' } }]);
  });

  it('that fails for the last time is told of as an error', async () => {
    const runner = world.runner(() => Promise.reject(new Error('Never.')));
    await runner.start();

    await world.enqueue({}, { maxAttempts: 1 });
    await runner.whenIdle();

    expect(world.log.filter((line) => line.task === 'note')).toMatchObject([{ level: 50 }]);
  });

  it('is run by one of two runners', async () => {
    const { notes, note } = notebook();
    const runners = [world.runner(note), world.runner(note)];
    await Promise.all(runners.map((runner) => runner.start()));

    await Promise.all(Array.from({ length: 40 }, (_, n) => world.enqueue({ n })));
    await runners[0]?.whenIdle();

    expect(notes).toHaveLength(40);
    expect(new Set(notes.map((payload) => (payload as { n: number }).n)).size).toBe(40);
  });
});

describe('stopping', () => {
  it('waits for the job that runs, and takes no other', async () => {
    const running = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const runner = world.runner(
      async () => {
        running.resolve();
        await release.promise;
      },
      { concurrency: 1 },
    );
    await runner.start();
    await world.enqueue({ n: 1 });
    await running.promise;
    await world.enqueue({ n: 2 });

    const stopped = runner.stop();
    release.resolve();
    await stopped;

    expect(await world.queue()).toEqual([{ attempts: 0, last_error: null, locked_by: null }]);
  });

  it('asks a job that lasts to end', async () => {
    const running = Promise.withResolvers<void>();
    const runner = world.runner(async (_payload, { signal }) => {
      running.resolve();
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('Interrupted.')));
      });
    });
    await runner.start();
    await world.enqueue({});
    await running.promise;

    await runner.stop();

    expect(await world.queue()).toMatchObject([{ attempts: 1, locked_by: null }]);
  });

  it('gives a job that does not end back to the queue within five seconds', async () => {
    const running = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const runner = world.runner(() => {
      running.resolve();
      return release.promise;
    });
    await runner.start();
    await world.enqueue({});
    await running.promise;

    const before = performance.now();
    await runner.stop();
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(await world.queue()).toMatchObject([{ attempts: 1, locked_by: null }]);

    const { notes, note } = notebook();
    const other = world.runner(note);
    await other.start();
    await other.whenIdle();
    expect(notes).toHaveLength(1);
    release.resolve();
  });

  it('is done when it was never started', async () => {
    await world.runner(notebook().note).stop();
  });
});

describe('what goes wrong', () => {
  it('does not start where there is no database', async () => {
    const runner = world.runner(notebook().note, { url: 'postgres://a:b@127.0.0.1:9/none' });

    await expect(runner.start()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('goes on when the database was away in the middle of a job', async () => {
    const running = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    let runs = 0;
    const runner = world.runner(
      async () => {
        runs += 1;
        running.resolve();
        await release.promise;
      },
      { abandonedAfterMs: 100 },
    );
    await runner.start();
    await world.enqueue({ n: 1 });
    await running.promise;

    await world.takeAway();
    release.resolve();
    await eventually(() => world.log.some((line) => line.msg === 'the job runner cannot start'));
    await world.giveBack();
    await eventually(async () => (await world.queue()).length === 0);
    await world.enqueue({ n: 2 });
    await eventually(async () => (await world.queue()).length === 0);

    expect(runs).toBeGreaterThanOrEqual(2);
  });

  it('leaves the job of a killed process to the others', async () => {
    const stuck = await startProcess(
      new URL('./stuck-worker.ts', import.meta.url),
      [world.files.appUrl],
      'started',
    );
    try {
      await world.enqueue({ n: 1 });
      await eventually(async () => (await world.queue())[0]?.locked_by != null);
      const { notes, note } = notebook();
      const runner = world.runner(note, { abandonedAfterMs: 100 });
      await runner.start();
      await eventually(async () => {
        const { rows } = await world.database.pool.query(
          `select 1 from graphile_worker.jobs where locked_at < now() - interval '0.5 seconds'`,
        );
        return rows.length > 0;
      });
      expect(notes).toEqual([]);

      await kill(stuck);
      await eventually(() => notes.length === 1);

      await runner.whenIdle();
      expect(notes).toEqual([{ n: 1 }]);
    } finally {
      await kill(stuck);
    }
  });
});

it('knows the tasks of the crontab', async () => {
  const runner = world.runner(notebook().note, {
    crontab: [{ pattern: '* * * * *', task: 'note' }],
  });
  await runner.start();

  await eventually(async () => {
    const { rows } = await world.database.pool.query(
      'select identifier from graphile_worker._private_known_crontabs',
    );
    return rows.some((row: { identifier: string }) => row.identifier === 'note');
  });
});
