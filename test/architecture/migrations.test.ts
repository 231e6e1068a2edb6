import { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entities } from '../../src/platform/database/entities.ts';
import { migrate } from '../../src/platform/database/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

/** What the schema tool would drop because entities do not speak of it: functions, triggers, sequences and others' tables. */
const NOT_OURS =
  /^(drop function|drop trigger|drop (table|view|schema) if exists "(graphile_worker|migration)|drop sequence)/;

describe('the migrations', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('make the tables that the entities describe, to the last constraint and index', async () => {
    const orm = await MikroORM.init({
      clientUrl: database.ownerUrl,
      entities: [...entities],
      logger: () => undefined,
    });
    const difference = await orm.schema.getUpdateSchemaSQL({ wrap: false });
    await orm.close(true);
    const statements = difference.split('\n').filter((line) => line !== '' && !NOT_OURS.test(line));
    expect(statements).toEqual([]);
  });

  it('can be run again, and by several processes at once, without changing anything', async () => {
    const options = { ownerUrl: database.ownerUrl, appRole: 'tollgate_app' };
    await expect(
      Promise.all([migrate(options), migrate(options), migrate(options)]),
    ).resolves.toBeDefined();
  });
});
