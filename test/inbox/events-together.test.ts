import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Apply, forAccount, together } from '../../src/platform/provider-effect.ts';
import {
  always,
  type InboxDatabase,
  inboxDatabase,
  inboxOn,
  jobsOf,
  leaveEffect,
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

/** An effect that says which transaction wrote it, and for whom. */
const signedEffect = (what: string, accountId: string, isBad = false): Apply =>
  forAccount(accountId, async (tx) => {
    await tx.query(`insert into effect (what) values ($1 || ' in ' || pg_current_xact_id())`, [
      what,
    ]);
    if (isBad) throw new Error('This one is bad.');
    return 'applied';
  });

/** A page that expired: nobody has to be asked what that means. */
function pageExpired(): object {
  const id = `evt_${randomUUID()}`;
  const nothing = { amount_total: null, customer: null, subscription: null, payment_intent: null };
  const page = { ...nothing, id: `cs_of_${id}`, object: 'checkout.session', status: 'expired' };
  return subscriptionUpdated(id, { type: 'checkout.session.expired', data: { object: page } });
}

async function receivedTogether(count: number, make: () => object = pageExpired) {
  const webhooks = Array.from({ length: count }, () => verified(make()));
  const inbox = inboxOn(world.database);
  await Promise.all(webhooks.map((webhook) => inbox.receive('STRIPE', webhook)));
  const rows = await Promise.all(webhooks.map(({ eventId }) => rowOf(world.database, eventId)));
  return {
    ids: rows.map(({ id }) => id),
    subjects: webhooks.map(({ eventId }) => `cs_of_${eventId}`),
  };
}

async function statusesOf(ids: readonly string[]): Promise<string[]> {
  const { rows } = await world.database.pool.query<{ is: string }>(
    `select status || ' ' || attempts as is from webhook_event where id = any ($1)`,
    [ids],
  );
  return rows.map((row) => row.is);
}

async function writersOf(subjects: readonly string[]): Promise<string[]> {
  const { rows } = await world.database.pool.query<{ what: string }>(
    `select what from effect where split_part(what, ' in ', 1) = any ($1)`,
    [subjects],
  );
  return rows.map(({ what }) => what.split(' in ')[1] ?? '');
}

describe('events that arrive together', () => {
  it('share transactions, in which their accounts are locked first and gone through in order', async () => {
    const { ids, subjects } = await receivedTogether(20);
    const held: (readonly string[])[] = [];
    const gone: string[] = [];
    const accountOf = new Map(subjects.map((what, n) => [what, `account ${(n * 7) % 20}`]));
    const worker = workerOn(
      world.database,
      always(async (what) => {
        const accountId = accountOf.get(what) ?? '';
        const effect = signedEffect(what, accountId);
        return forAccount(accountId, async (tx) => {
          gone.push(accountId);
          return effect(tx);
        });
      }),
      (accounts) => held.push(accounts),
    );

    await worker.workTogether(ids, true);

    expect(new Set(await statusesOf(ids))).toEqual(new Set(['PROCESSED 1']));
    const writers = await writersOf(subjects);
    expect(writers).toHaveLength(20);
    expect(new Set(writers).size).toBeLessThan(20);
    expect(held.flat().sort()).toEqual([...gone].sort());
    for (const accounts of held) {
      expect(accounts).toEqual([...accounts].sort());
      expect(gone.filter((account) => accounts.includes(account))).toEqual(accounts);
    }
  });

  it('do not suffer from a bad one among them, which gets a job of its own', async () => {
    const { ids, subjects } = await receivedTogether(8);
    const [bad] = subjects;
    const worker = workerOn(
      world.database,
      always(async (what) => signedEffect(what, what, what === bad)),
    );

    await worker.workTogether(ids, true);

    expect((await statusesOf(ids)).sort()).toEqual([...Array(7).fill('PROCESSED 1'), 'RECEIVED 0']);
    expect(await writersOf(subjects)).toHaveLength(7);
    const jobs = await Promise.all(ids.map((id) => jobsOf(world, id)));
    expect(jobs).toEqual([2, 1, 1, 1, 1, 1, 1, 1]);
    await expect(worker.work(ids[0] ?? '')).rejects.toThrow('This one is bad.');
    expect(await statusesOf(ids.slice(0, 1))).toEqual(['FAILED 1']);
  });

  it('of one kind are written at once; a bad one among them is found out', async () => {
    const { ids, subjects } = await receivedTogether(12);
    const [bad] = subjects;
    const written: (readonly string[])[] = [];
    const kind = together<string>(async (tx, whats) => {
      written.push(whats);
      for (const what of whats) await signedEffect(what, what)(tx);
      if (whats.includes(bad ?? '')) throw new Error('This one is bad.');
    });
    const worker = workerOn(
      world.database,
      always(async (what) => kind(what, what)),
    );

    await worker.workTogether(ids, true);

    expect(Math.max(...written.map((whats) => whats.length))).toBeGreaterThan(1);
    expect((await statusesOf(ids)).sort()).toEqual([
      ...Array(11).fill('PROCESSED 1'),
      'RECEIVED 0',
    ]);
    expect(await writersOf(subjects)).toHaveLength(11);
    await expect(worker.work(ids[0] ?? '')).rejects.toThrow('This one is bad.');
  });

  it('get a job each when the one for all did not come to its end', async () => {
    const { ids } = await receivedTogether(3);
    const worker = workerOn(
      world.database,
      always(() => Promise.reject(new Error('asked'))),
    );

    await worker.workTogether(ids, false);

    expect(await Promise.all(ids.map((id) => jobsOf(world, id)))).toEqual([2, 2, 2]);
    expect(await statusesOf(ids)).toEqual(['RECEIVED 0', 'RECEIVED 0', 'RECEIVED 0']);
  });

  it('are applied once when two workers have them, and each again alone', async () => {
    const { ids, subjects } = await receivedTogether(16);
    const dispatch = always(async (what) => signedEffect(what, what));
    const workers = [workerOn(world.database, dispatch), workerOn(world.database, dispatch)];

    await Promise.all([
      ...workers.map((worker) => worker.workTogether(ids, true)),
      ...ids.map((id) => workers[0]?.work(id)),
    ]);

    expect(await writersOf(subjects)).toHaveLength(16);
  });

  it('go in transactions of their own where a state was fetched', async () => {
    const { ids, subjects } = await receivedTogether(4);
    const worker = workerOn(
      world.database,
      always(async (what) => leaveEffect(`${what} in its own`)),
    );

    await worker.workTogether(ids, true);

    expect(await writersOf(subjects)).toEqual(Array(4).fill('its own'));
    expect(new Set(await statusesOf(ids))).toEqual(new Set(['PROCESSED 1']));
  });

  it('ask the provider for two seconds at most; the rest get jobs of their own', async () => {
    const given = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        receivedTogether(1, () =>
          subscriptionUpdated(undefined, {
            data: { object: { id: `sub_${n}`, customer: 'cus_1' } },
          }),
        ),
      ),
    );
    const ids = given.flatMap((one) => one.ids);
    const realNow = performance.now.bind(performance);
    let laterMs = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => realNow() + laterMs);
    const worker = workerOn(
      world.database,
      always(async (what) => {
        laterMs += 1_500;
        return leaveEffect(what);
      }),
    );

    await worker.workTogether(ids, true).finally(() => clock.mockRestore());

    const done = (await statusesOf(ids)).filter((status) => status === 'PROCESSED 1');
    expect(done).toHaveLength(2);
    const jobs = await Promise.all(ids.map((id) => jobsOf(world, id)));
    expect(jobs.toSorted()).toEqual([1, 1, 2, 2, 2, 2]);
  });

  it('ask the provider one after the other when they are about the same thing', async () => {
    const about = (object: string) => () =>
      subscriptionUpdated(undefined, { data: { object: { id: object, customer: 'cus_1' } } });
    const one = await receivedTogether(4, about('sub_one'));
    const other = await receivedTogether(4, about('sub_other'));
    const asking = new Map<string, number>();
    const most = new Map<string, number>();
    const worker = workerOn(
      world.database,
      always(async (what) => {
        const now = (asking.get(what) ?? 0) + 1;
        asking.set(what, now);
        most.set(what, Math.max(now, most.get(what) ?? 0));
        await world.database.pool.query('select pg_sleep(0.005)');
        asking.set(what, now - 1);
        return leaveEffect(what);
      }),
    );

    await worker.workTogether([...one.ids, ...other.ids], true);

    expect([...most]).toEqual([
      ['sub_one', 1],
      ['sub_other', 1],
    ]);
    expect(new Set(await statusesOf([...one.ids, ...other.ids]))).toEqual(new Set(['PROCESSED 1']));
  });
});
