import { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebhookEventSchema } from '../../src/inbox/webhook-event.entity.ts';
import { type InboxDatabase, IS_OF, inboxDatabase, jobsOf, received } from './given.ts';

let world: InboxDatabase;

beforeAll(async () => {
  world = await inboxDatabase();
});

afterAll(() => world?.close());

describe('forgotten events', () => {
  it('get a job when they wait for a minute without one', async () => {
    const { inbox, worker, id } = await received(world.database);
    const forget = () =>
      world.owner.pool.query(`delete from graphile_worker._private_jobs where ${IS_OF}`, [id]);
    await forget();

    await inbox.enqueueForgotten();
    expect(await jobsOf(world, id)).toBe(0);

    await world.owner.pool.query(
      `update webhook_event set received_at = received_at - interval '61 seconds' where id = $1`,
      [id],
    );
    await inbox.enqueueForgotten();
    await inbox.enqueueForgotten();
    expect(await jobsOf(world, id)).toBe(1);

    await worker.work(id);
    await forget();
    await inbox.enqueueForgotten();
    expect(await jobsOf(world, id)).toBe(0);
  });

  it('get a job when theirs has failed for ever', async () => {
    const { inbox, id } = await received(world.database);
    await world.owner.pool.query(
      `update webhook_event set received_at = received_at - interval '2 minutes' where id = $1`,
      [id],
    );
    await world.owner.pool.query(
      `update graphile_worker._private_jobs set attempts = max_attempts where ${IS_OF}`,
      [id],
    );

    await inbox.enqueueForgotten();

    const { rows } = await world.database.pool.query(
      'select attempts from graphile_worker.jobs where key = $1',
      [`webhook-event:${id}`],
    );
    expect(rows).toEqual([{ attempts: 0 }]);
  });
});

it('has the table that its migration makes', async () => {
  const orm = await MikroORM.init({
    clientUrl: world.files.ownerUrl,
    entities: [WebhookEventSchema],
    logger: () => undefined,
  });
  const sql = await orm.schema.getUpdateSchemaSQL().finally(() => orm.close(true));

  expect(sql.split('\n').filter((line) => line.includes('webhook_event'))).toEqual([]);
});
