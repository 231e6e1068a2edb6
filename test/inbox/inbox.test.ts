import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/platform/database/database.ts';
import { ProviderUnavailable } from '../../src/platform/errors.ts';
import { newId } from '../../src/platform/ids.ts';
import {
  always,
  connect,
  effects,
  type InboxDatabase,
  inboxDatabase,
  inboxOn,
  jobsOf,
  leaveEffect,
  rawRowOf,
  received,
  rowOf,
  subscriptionUpdated,
  verified,
  workerOn,
} from './given.ts';

let world: InboxDatabase;

beforeAll(async () => {
  world = await inboxDatabase();
});

afterAll(() => world?.close());

describe('receiving', () => {
  it('stores an event and its job at once', async () => {
    const { id, row } = await received(world.database);

    expect(await row()).toMatchObject({ status: 'RECEIVED', attempts: 0, processed_at: null });
    expect(await jobsOf(world, id)).toBe(1);
  });

  it('keeps one of fifty copies that come at once to two inboxes, and one job', async () => {
    const inboxes = [await connect(world.files.appUrl), await connect(world.files.appUrl)];
    const webhook = verified();

    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        inboxOn(inboxes[n % 2] as Database).receive('STRIPE', webhook),
      ),
    );
    await Promise.all(inboxes.map((one) => one.close()));

    expect(outcomes.filter((outcome) => outcome === 'STORED')).toHaveLength(1);
    expect(await jobsOf(world, (await rowOf(world.database, webhook.eventId)).id)).toBe(1);
  });

  it('stores many at once through one inbox, each with one job for those that came together', async () => {
    const inbox = inboxOn(world.database);
    const webhooks = Array.from({ length: 200 }, () => verified());

    const outcomes = await Promise.all(
      [...webhooks, ...webhooks].map((webhook) => inbox.receive('STRIPE', webhook)),
    );

    expect(outcomes.filter((outcome) => outcome === 'STORED')).toHaveLength(200);
    for (const { eventId } of webhooks) {
      expect(await jobsOf(world, (await rowOf(world.database, eventId)).id)).toBe(1);
    }
  });

  it('keeps the words of each of many that come at once', async () => {
    const inbox = inboxOn(world.database);
    const notes = [
      '"a", \\ {b} NULL',
      '\n\r\t\0\x1e\x1f',
      '\u2028 東京 🙂',
      '\ud800',
      '',
      'x'.repeat(99_999),
    ];
    const webhooks = Array.from({ length: 150 }, (_, n) => {
      const event = subscriptionUpdated(undefined, { note: notes[n % notes.length] });
      return { ...verified(event), text: JSON.stringify(event, null, n % 3) };
    });

    const outcomes = await Promise.all(webhooks.map((one) => inbox.receive('STRIPE', one)));

    expect(new Set(outcomes)).toEqual(new Set(['STORED']));
    const { rows } = await world.database.pool.query<{ id: string; type: string; text: string }>(
      'select provider_event_id as id, type, payload as text from webhook_event where provider_event_id = any ($1)',
      [webhooks.map(({ eventId }) => eventId)],
    );
    const kept = new Map(rows.map((row) => [row.id, row]));
    for (const { eventId, type, text } of webhooks)
      expect(kept.get(eventId)).toMatchObject({ type, text });
  });

  it('refuses one that no column can hold, and stores those that came with it', async () => {
    const inbox = inboxOn(world.database);
    const webhooks = Array.from({ length: 9 }, () => verified());
    // Not what a provider's adapter would let in: it would be two.
    const torn = { ...verified(), text: '{"a":1}\x1e{"b":2}' };

    const answers = await Promise.allSettled(
      [...webhooks.slice(0, 4), torn, ...webhooks.slice(4)].map((one) =>
        inbox.receive('STRIPE', one),
      ),
    );

    expect(answers.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    for (const { eventId, text } of webhooks)
      expect(await rowOf(world.database, eventId)).toMatchObject({ payload: JSON.parse(text) });
    await expect(rowOf(world.database, torn.eventId)).rejects.toThrow('0 rows');
  });

  it('stores what jsonb would refuse', async () => {
    const { inbox } = await received(world.database);
    const event = subscriptionUpdated(undefined, { note: 'a zero byte \0, half a pair \ud800' });

    await inbox.receive('STRIPE', verified(event));

    const { id } = event as { id: string };
    expect((await rowOf(world.database, id)).payload).toEqual(event);
  });

  it.each(['', 'x'.repeat(300), 'evt\0', 'evt 1'])('refuses the event id %j', async (eventId) => {
    const { inbox } = await received(world.database);

    await expect(inbox.receive('STRIPE', { ...verified(), eventId })).rejects.toMatchObject({
      code: 'INVALID_WEBHOOK',
    });
  });
});

describe('working', () => {
  it('applies an event once and marks it as processed', async () => {
    const { worker, id, what, row } = await received(world.database);

    await worker.work(id);
    await worker.work(id);

    expect(await effects(world.database, what)).toBe(1);
    expect(await row()).toMatchObject({ status: 'PROCESSED', attempts: 1, last_error: null });
    expect((await row()).processed_at).toBeInstanceOf(Date);
  });

  it('keeps the reason of an event that means nothing here', async () => {
    const { worker, id, row } = await received(
      world.database,
      always(async () => async () => ({ ignored: 'A stranger to Tollgate.' })),
    );

    await worker.work(id);

    expect(await row()).toMatchObject({
      status: 'IGNORED',
      last_error: 'A stranger to Tollgate.',
    });
  });

  it('ignores a type that Tollgate does not act on without asking any service', async () => {
    const inbox = inboxOn(world.database);
    const worker = workerOn(
      world.database,
      always(() => Promise.reject(new Error('asked'))),
    );
    const webhook = verified(subscriptionUpdated(undefined, { type: 'radar.early_fraud_warning' }));
    await inbox.receive('STRIPE', webhook);

    await worker.work((await rowOf(world.database, webhook.eventId)).id);

    expect(await rowOf(world.database, webhook.eventId)).toMatchObject({ status: 'IGNORED' });
  });

  it('undoes what a failed attempt wrote, and applies it on the next one', async () => {
    let broken = true;
    const { worker, id, what, row } = await received(
      world.database,
      always(async (subscription) => async (tx) => {
        await leaveEffect(subscription)(tx);
        if (broken) throw new Error('The plan is gone.');
        return 'applied';
      }),
    );

    await expect(worker.work(id)).rejects.toThrow('The plan is gone.');
    expect(await row()).toMatchObject({ status: 'FAILED', last_error: 'The plan is gone.' });
    expect(await effects(world.database, what)).toBe(0);

    broken = false;
    await worker.work(id);
    expect(await row()).toMatchObject({ status: 'PROCESSED', attempts: 2, last_error: null });
    expect(await effects(world.database, what)).toBe(1);
  });

  it('holds no transaction while the provider is asked', async () => {
    const { worker, id } = await received(
      world.database,
      always(async (what) => {
        const { rows } = await world.owner.pool.query(
          `select 1 from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
        );
        expect(rows).toEqual([]);
        return leaveEffect(what);
      }),
    );

    await worker.work(id);
  });

  it('gives an event up after twelve attempts, quietly, and takes it up again when replayed', async () => {
    let away = true;
    const { inbox, worker, id, what, row } = await received(
      world.database,
      always(async (subscription) => {
        if (away) throw new ProviderUnavailable('Stripe did not answer.');
        return leaveEffect(subscription);
      }),
    );

    for (let attempt = 1; attempt < 12; attempt += 1) {
      await expect(worker.work(id)).rejects.toThrow('Stripe did not answer.');
      expect(await row()).toMatchObject({ status: 'FAILED', attempts: attempt });
    }
    await worker.work(id);
    expect(await row()).toMatchObject({ status: 'DEAD', attempts: 12 });
    await worker.work(id);
    expect(await row()).toMatchObject({ status: 'DEAD', attempts: 12 });

    away = false;
    expect(await inbox.replay(id)).toMatchObject({ id, status: 'RECEIVED', attempts: 0 });
    // The one that it came with, and now one of its own.
    expect(await jobsOf(world, id)).toBe(2);
    await worker.work(id);
    expect(await row()).toMatchObject({ status: 'PROCESSED', attempts: 1 });
    expect(await effects(world.database, what)).toBe(1);
  });

  it('gives an event up whose attempts never came to an end', async () => {
    const { worker, id, what, row } = await received(world.database);
    await world.owner.pool.query('update webhook_event set attempts = 12 where id = $1', [id]);

    await worker.work(id);

    expect(await row()).toMatchObject({ status: 'DEAD' });
    expect(await effects(world.database, what)).toBe(0);
  });

  it('shows no secret and no book in its last error', async () => {
    const { worker, id, row } = await received(
      world.database,
      always(async () => {
        throw new Error(
          `sk_live_abc whsec_def Bearer tg_admin_ghi postgres://me:word@db/x \0 ${'x'.repeat(9_000)}`,
        );
      }),
    );

    await expect(worker.work(id)).rejects.toThrow();

    const { last_error } = await row();
    expect(last_error?.length).toBeLessThanOrEqual(500);
    expect(last_error).not.toMatch(/abc|def|ghi|word|\0/);
  });

  it('fails an event whose body is no JSON by itself, and does not quote it', async () => {
    const { inbox, worker, id, row } = await received(world.database);
    const broken = { ...verified(), text: '{"client_secret": pi_1_secret_2' };
    await inbox.receive('STRIPE', broken);
    const { id: brokenId } = await rawRowOf(world.database, broken.eventId);

    await worker.workTogether([brokenId, id], true);
    await expect(worker.work(brokenId)).rejects.toThrow('The stored body is not JSON.');

    expect(await row()).toMatchObject({ status: 'PROCESSED' });
    expect(await rawRowOf(world.database, broken.eventId)).toMatchObject({
      status: 'FAILED',
      last_error: 'The stored body is not JSON.',
    });
  });

  it('fails an event of a provider that is not set up', async () => {
    const { inbox, worker } = await received(world.database);
    const webhook = verified();
    await inbox.receive('CREEM', webhook);
    const { id } = await rowOf(world.database, webhook.eventId);

    await expect(worker.work(id)).rejects.toThrow('CREEM is not set up.');
  });

  it('does nothing for an id that is none, and says so when it is replayed', async () => {
    const { inbox, worker } = await received(world.database);

    await worker.work('not an id');
    await worker.work(newId());

    await expect(inbox.replay(newId())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(inbox.replay('not an id')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
