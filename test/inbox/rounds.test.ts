import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inboxTasks } from '../../src/inbox/inbox.jobs.ts';
import { Round } from '../../src/inbox/round.ts';
import { JobRunner } from '../../src/jobs/job-runner.ts';
import { newId } from '../../src/platform/ids.ts';
import {
  always,
  connect,
  type InboxDatabase,
  inboxDatabase,
  inboxOn,
  jobsOf,
  leaveEffect,
  rowOf,
  silent,
  subscriptionUpdated,
  verified,
  workerOn,
} from './given.ts';

let world: InboxDatabase;

beforeAll(async () => {
  world = await inboxDatabase();
});

afterAll(() => world?.close());

async function roundOf(eventId: string): Promise<string> {
  const { rows } = await world.database.pool.query<{ round: string }>(
    'select round from webhook_event where provider_event_id = $1',
    [eventId],
  );
  return rows[0]?.round ?? '';
}

async function jobsOfRound(round: string): Promise<number> {
  const { rows } = await world.owner.pool.query(
    `select 1 from graphile_worker._private_jobs where payload->>'id' = $1`,
    [round],
  );
  return rows.length;
}

describe('a round', () => {
  it('is joined by what comes soon after, and has one job', async () => {
    const inbox = inboxOn(world.database);
    const webhooks = [verified(), verified(), verified()];
    for (const webhook of webhooks) await inbox.receive('STRIPE', webhook);

    const rounds = new Set(await Promise.all(webhooks.map(({ eventId }) => roundOf(eventId))));

    expect(rounds.size).toBe(1);
    const [round = ''] = rounds;
    expect(await jobsOfRound(round)).toBe(1);
    const rows = await Promise.all(webhooks.map(({ eventId }) => rowOf(world.database, eventId)));
    expect((await inbox.endRound(round)).sort()).toEqual(rows.map(({ id }) => id).sort());
  });

  it('is joined by nobody when it has ended: who comes then begins another, with a job', async () => {
    const inbox = inboxOn(world.database);
    const [first, second] = [verified(), verified()];
    await inbox.receive('STRIPE', first);
    const ended = await roundOf(first.eventId);
    await inboxOn(world.database).endRound(ended);

    await inbox.receive('STRIPE', second);

    const round = await roundOf(second.eventId);
    expect(round).not.toBe(ended);
    expect(await jobsOfRound(round)).toBe(1);
  });

  it('does not end before those who are joining it can be seen', async () => {
    const inbox = inboxOn(world.database);
    const [first, late] = [verified(), verified()];
    await inbox.receive('STRIPE', first);
    const round = await roundOf(first.eventId);
    const joining = await world.database.pool.connect();
    await joining.query('begin');
    await joining.query('select id from webhook_round where id = $1 for key share', [round]);
    let ids: string[] | null = null;
    const ending = inbox.endRound(round).then((found) => {
      ids = found;
    });
    await expect
      .poll(async () => {
        const { rows } = await world.database.pool.query(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return rows.length;
      })
      .toBe(1);
    const lateId = newId();
    await joining.query(
      `insert into webhook_event (id, channel, provider_event_id, type, payload, status, attempts, received_at, round)
        values ($1, 'STRIPE', $2, $3, '{}', 'RECEIVED', 0, now(), $4)`,
      [lateId, late.eventId, late.type, round],
    );
    expect(ids).toBeNull();
    await joining.query('commit');
    joining.release();

    await ending;

    expect(ids).toContain(lateId);
    expect(ids).toHaveLength(2);
  });

  it('of one process that brings nothing new leaves nothing behind', async () => {
    const webhook = verified();
    await inboxOn(world.database).receive('STRIPE', webhook);
    const count = async () =>
      (await world.owner.pool.query('select 1 from graphile_worker._private_jobs')).rows.length;
    const before = await count();

    expect(await inboxOn(world.database).receive('STRIPE', webhook)).toBe('DUPLICATE');

    expect(await count()).toBe(before);
  });

  it('loses no event when its end and those who join it meet, at two processes', async () => {
    const databases = [world.database, await connect(world.files.appUrl)];
    const inboxes = databases.map((database) => inboxOn(database));
    const runners = databases.map(
      (database, n) =>
        new JobRunner({
          url: world.files.appUrl,
          database,
          logger: silent,
          tasks: inboxTasks(
            inboxes[n] ?? inboxOn(database),
            workerOn(
              database,
              always(async (what) => leaveEffect(what)),
            ),
          ),
          crontab: [],
        }),
    );
    await Promise.all(runners.map((runner) => runner.start()));
    const webhooks = Array.from({ length: 300 }, () => verified(subscriptionUpdated()));

    // Never so many at once that they are a rush: every round ends as soon as it can.
    for (let sent = 0; sent < webhooks.length; sent += 3) {
      const few = webhooks.slice(sent, sent + 3);
      await Promise.all(few.map((one, n) => inboxes[n % 2]?.receive('STRIPE', one)));
    }
    await Promise.all(runners.map((runner) => runner.whenIdle()));
    await Promise.all(runners.map((runner) => runner.stop()));

    for (const { eventId } of webhooks)
      expect(await rowOf(world.database, eventId)).toMatchObject({
        status: 'PROCESSED',
        attempts: 1,
      });
    const { rows } = await world.database.pool.query(
      'select what, count(*)::int as count from effect where what = any ($1) group by what',
      [webhooks.map(({ eventId }) => `sub_of_${eventId}`)],
    );
    expect(rows).toHaveLength(300);
    expect(rows.filter(({ count }) => count !== 1)).toEqual([]);
    await databases[1]?.close();
  });

  it('gives its events jobs of their own when it was cut off after it had ended', async () => {
    const inbox = inboxOn(world.database);
    const webhook = verified();
    await inbox.receive('STRIPE', webhook);
    const round = await roundOf(webhook.eventId);
    const worker = workerOn(
      world.database,
      always(() => Promise.reject(new Error('asked'))),
    );
    await inbox.endRound(round);

    await worker.workTogether(await inbox.endRound(round), false);

    expect(await jobsOf(world, (await rowOf(world.database, webhook.eventId)).id)).toBe(2);
  });
});

describe('the round in hand', () => {
  it('is left after 256 events, and after a second', () => {
    const round = new Round();
    expect(round.open).toBeNull();
    round.joined('first', 200);
    expect(round.open).toBe('first');
    round.joined('first', 56);
    expect(round.open).toBeNull();
    round.joined('second', 1);
    expect(round.open).toBe('second');
  });
});
