import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '../support/postgres.ts';
import { givenDataDir, startProcess } from './given.ts';

/** What a start that has to fail says. */
async function refusal(environment: Record<string, string>, dataDir?: string): Promise<string> {
  const gateway = startProcess(dataDir ?? (await givenDataDir()), environment);
  expect((await gateway.ended).code).toBe(1);
  expect(gateway.stdout).not.toContain('listening');
  return gateway.stderr;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function changed(url: string, change: Partial<URL>): string {
  return Object.assign(new URL(url), change).href;
}

describe('a start that cannot succeed says why in one line', { timeout: 90_000 }, () => {
  it('when the port is in use', async () => {
    const port = await listen(createServer());
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    const DATABASE_URL = database.ownerUrl;
    expect(await refusal({ DATABASE_URL, PORT: String(port) })).toBe(
      `PORT: ${port} is in use; stop what listens there, or give PORT=0 to pick a free port.\n`,
    );
    expect(await refusal({ DATABASE_URL, SANDBOX_PORT: String(port) })).toBe(
      `SANDBOX_PORT: ${port} is in use; stop what listens there, or give SANDBOX_PORT=0 to pick a free port.\n`,
    );
    expect(await refusal({ DATABASE_URL, HOST: '192.0.2.1' })).toMatch(
      /^HOST: 192\.0\.2\.1 is no address of this machine; .*\n$/,
    );
  });

  it('when nothing listens at the database', async () => {
    expect(await refusal({ DATABASE_URL: 'postgres://me:secret@127.0.0.1:9/tollgate' })).toBe(
      'DATABASE_URL: nothing listens at 127.0.0.1:9; start PostgreSQL there.\n',
    );
  });

  it('when the password, the role or the database is wrong', async () => {
    const { ownerUrl } = inject('postgres');
    const password = await refusal({ DATABASE_URL: changed(ownerUrl, { password: 'guess' }) });
    expect(password).toMatch(
      /^DATABASE_URL: 127\.0\.0\.1:\d+ refuses the user or the password: .*\n$/,
    );
    expect(password).not.toContain('guess');
    const name = await refusal({ DATABASE_URL: changed(ownerUrl, { pathname: 'nowhere' }) });
    expect(name).toMatch(/^DATABASE_URL: .* database "nowhere" does not exist; create it.*\n$/);
  });

  it('when the role may not create tables', async () => {
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    expect(await refusal({ DATABASE_URL: database.appUrl })).toBe(
      'DATABASE_URL: the role "tollgate_app" may not create schemas and tables; make it the owner of the database.\n',
    );
  });

  it('when it is not PostgreSQL that answers', async () => {
    const web = await listen(createHttpServer());
    expect(await refusal({ DATABASE_URL: `postgres://127.0.0.1:${web}/x` })).toMatch(
      /^DATABASE_URL: 127\.0\.0\.1:\d+ .*\n$/,
    );
    const silent = await listen(createServer());
    expect(await refusal({ DATABASE_URL: `postgres://127.0.0.1:${silent}/x` })).toMatch(
      /^DATABASE_URL: 127\.0\.0\.1:\d+ does not answer within 5 seconds; .*\n$/,
    );
    expect(await refusal({ DATABASE_URL: 'mysql://127.0.0.1/x' })).toMatch(
      /^DATABASE_URL: is not .*\n$/,
    );
  });

  it('when production has no provider', async () => {
    expect(await refusal({ NODE_ENV: 'production' })).toMatch(
      /^NODE_ENV: production does not run on the sandbox; .*\n$/,
    );
  });

  it('when the catalogue has mistakes, with their places', async () => {
    const dataDir = await givenDataDir();
    const catalogue = JSON.parse(await readFile('config.json', 'utf8'));
    catalogue.plans[1].monthly = 'cheap';
    const broken = join(dataDir, 'broken.json');
    await writeFile(broken, JSON.stringify(catalogue));
    expect(await refusal({ CATALOGUE: broken })).toMatch(
      /^\S*broken\.json: plans\[1\]\.monthly.*\n$/,
    );
    await writeFile(broken, '{ "plans": [');
    expect(await refusal({ CATALOGUE: broken })).toMatch(
      /^\S*broken\.json, line 1, column 13: .*\n$/,
    );
    expect(await refusal({ CATALOGUE: join(dataDir, 'none.json') })).toMatch(/^CATALOGUE: .*\n$/);
  });

  it('when the data folder cannot be written', async () => {
    const dataDir = await givenDataDir();
    await writeFile(join(dataDir, 'file'), '');
    const inside = join(dataDir, 'file', 'data');
    expect(await refusal({}, inside)).toBe(
      `DATA_DIR: ${inside}: it cannot be written (ENOTDIR); give a folder that this user may write to.\n`,
    );
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    const { ownerUrl: DATABASE_URL } = database;
    expect(await refusal({ DATABASE_URL }, inside)).toMatch(/^DATA_DIR: .*\n$/);
    const taken = join(dataDir, 'taken');
    await mkdir(join(taken, 'keys.json'), { recursive: true });
    expect(await refusal({ DATABASE_URL }, taken)).toMatch(/^DATA_DIR: .*\n$/);
    const client = new Client({ connectionString: database.ownerUrl });
    await client.connect();
    onTestFinished(() => client.end());
    const { rows } = await client.query('select kind from api_key');
    expect(rows).toEqual([]);
  });
});
