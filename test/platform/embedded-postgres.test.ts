import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/platform/database/embedded-postgres.ts';

const isRoot = process.getuid?.() === 0;
const started: EmbeddedPostgres[] = [];
const gateways: ChildProcess[] = [];
let folder: string;
let dataDir: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate embedded '));
  dataDir = join(folder, 'a data folder');
});

afterEach(async () => {
  for (const gateway of gateways.splice(0)) gateway.kill('SIGKILL');
  for (const server of started.splice(0)) await server.stop();
  if (await serverPid().catch(() => undefined)) {
    const last = await startEmbeddedPostgres({ dataDir, durable: false });
    await last.stop();
  }
  await rm(folder, { recursive: true, force: true });
});

describe('a first start', () => {
  it('gives the owner a database to build in and the gateway only what it is granted', async () => {
    const server = await start();

    await query(server.ownerUrl, 'create table note (text text not null)');
    await query(server.ownerUrl, 'create schema extra; create extension pgcrypto');
    await query(server.ownerUrl, 'grant select on note to tollgate_app');

    expect(await query(server.appUrl, 'select count(*)::int as n from note')).toEqual([{ n: 0 }]);
    await expect(query(server.appUrl, 'create table mine ()')).rejects.toThrow('permission denied');
    await expect(query(server.appUrl, `insert into note values ('x')`)).rejects.toThrow(
      'permission denied',
    );
  });

  it('keeps the passwords in a file that only its user can read', async () => {
    await start();

    const file = await stat(join(dataDir, 'postgres', 'credentials.json'));

    expect(file.mode & 0o777).toBe(0o600);
    expect(file.uid).toBe(process.getuid?.());
  });

  it('runs the server as an ordinary user, also when started by root', async () => {
    await start();

    const { uid } = await stat(join(dataDir, 'postgres', 'data'));
    const status = await readFile(`/proc/${await serverPid()}/status`, 'utf8');

    expect(uid).toBe(isRoot ? 65_534 : process.getuid?.());
    expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).toBe(String(uid));
  });

  it('works in a folder that nobody else may enter', async () => {
    await mkdir(dataDir);
    await chmod(folder, 0o700);
    await chmod(dataDir, 0o700);

    const server = await start();

    expect(await query(server.appUrl, 'select 1 as n')).toEqual([{ n: 1 }]);
  });

  it('keeps the durable settings on for data that must last', async () => {
    const server = await start({ durable: true });

    const settings = await query(
      server.appUrl,
      `select name from pg_settings where setting = 'on'
        and name in ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums')`,
    );

    expect(settings).toHaveLength(4);
  });

  it('asks for a password and listens on no other address', async () => {
    const server = await start();
    const wrong = new URL(server.appUrl);
    wrong.password = 'guess';

    await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed');
    expect(await query(server.superuserUrl, 'show listen_addresses')).toEqual([
      { listen_addresses: '127.0.0.1' },
    ]);
  });

  it('makes one database of two starts at the same moment', async () => {
    const [one, other] = await Promise.all([start(), start()]);

    expect(other.ownerUrl).toBe(one.ownerUrl);
    expect(await readdir(dataDir)).toEqual(['postgres']);
  });

  it('clears away a first start that was cut short', async () => {
    const leftover = join(dataDir, `postgres.init-${await deadPid()}-abcdef`);
    await mkdir(join(leftover, 'data'), { recursive: true });

    await start();

    expect(await readdir(dataDir)).toEqual(['postgres']);
  });

  it('refuses a folder that holds something else, and leaves it alone', async () => {
    const foreign = join(dataDir, 'postgres', 'keepsake');
    await mkdir(join(dataDir, 'postgres'), { recursive: true });
    await writeFile(foreign, 'mine');

    await expect(start()).rejects.toThrow('is in the way');
    expect(await readFile(foreign, 'utf8')).toBe('mine');
  });
});

describe('a later start', () => {
  it('finds the data, the passwords and the port of the time before', async () => {
    const first = await start();
    await query(first.ownerUrl, 'create table note as select 42 as n');
    await first.stop();

    const second = await start();

    expect(second.ownerUrl).toBe(first.ownerUrl);
    expect(await query(second.ownerUrl, 'select n from note')).toEqual([{ n: 42 }]);
  });

  it('recovers what was committed when both the gateway and the server were killed', async () => {
    const { gateway, ownerUrl } = await startGateway();
    await query(ownerUrl, 'create table note as select 42 as n');
    const pid = await serverPid();
    gateway.kill('SIGKILL');
    await once(gateway, 'exit');
    process.kill(pid, 'SIGKILL');

    const server = await start({ durable: true });

    expect(await query(server.ownerUrl, 'select n from note')).toEqual([{ n: 42 }]);
  });

  it('is not fooled by a stranger who has the id of the dead server', async () => {
    const first = await start();
    const pidFile = await readFile(pidFilePath(), 'utf8');
    await first.stop();
    await writeFile(pidFilePath(), pidFile.replace(/^\d+/, String(process.pid)));

    const second = await start();

    expect(await query(second.appUrl, 'select 1 as n')).toEqual([{ n: 1 }]);
    expect(await serverPid()).not.toBe(process.pid);
  });

  it('takes over the server that a killed gateway left behind, and stops it in the end', async () => {
    const { gateway, ownerUrl } = await startGateway();
    const pid = await serverPid();
    gateway.kill('SIGKILL');
    await once(gateway, 'exit');

    const server = await start({ durable: true });
    expect(server.ownerUrl).toBe(ownerUrl);
    expect(await serverPid()).toBe(pid);
    await server.stop();

    await until(async () => !isRunning(pid));
  });

  it('replaces an idle server whose durable settings are off when data must last', async () => {
    const { gateway } = await startGateway({ durable: false });
    gateway.kill('SIGKILL');
    await once(gateway, 'exit');

    const server = await start({ durable: true });

    expect(await query(server.appUrl, 'show fsync')).toEqual([{ fsync: 'on' }]);
  });
});

describe('a running server', () => {
  it('is shared by the gateways of one data folder and stopped by the last of them', async () => {
    const first = await start();
    const second = await start();
    const pid = await serverPid();

    await first.stop();
    expect(await query(second.appUrl, 'select 1 as n')).toEqual([{ n: 1 }]);
    await second.stop();

    expect(isRunning(pid)).toBe(false);
  });

  it('is started again on its port when it dies', async () => {
    const server = await start();
    const pid = await serverPid();

    process.kill(pid, 'SIGKILL');
    await until(async () => !isRunning(pid) && (await answers(server.appUrl)));

    expect(await serverPid()).not.toBe(pid);
  });

  it('leaves nothing running when it is stopped, however many connections are open', async () => {
    const server = await start();
    const client = new Client({ connectionString: server.appUrl });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('begin');
    const pid = await serverPid();

    await Promise.all([server.stop(), server.stop()]);

    expect(isRunning(pid)).toBe(false);
    await expect(stat(pidFilePath())).rejects.toThrow('ENOENT');
  });

  it('ends with a gateway that exits without stopping it', async () => {
    const { gateway } = await startGateway();
    const pid = await serverPid();

    gateway.stdin?.write('exit\n');
    await once(gateway, 'exit');

    await until(async () => !isRunning(pid));
  });
});

async function start({ durable = false } = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, durable });
  started.push(server);
  return server;
}

/** A process of its own that starts the server and holds it. */
async function startGateway({ durable = true } = {}) {
  const module = new URL('../../src/platform/database/embedded-postgres.ts', import.meta.url);
  const program = `
    import { startEmbeddedPostgres } from ${JSON.stringify(module.href)};
    const server = await startEmbeddedPostgres(${JSON.stringify({ dataDir, durable })});
    console.log(server.ownerUrl);
    process.stdin.once('data', () => process.exit(0));
  `;
  const gateway = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  gateways.push(gateway);
  const [ownerUrl] = (await once(createInterface(gateway.stdout), 'line')) as [string];
  return { gateway, ownerUrl };
}

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function answers(connectionString: string): Promise<boolean> {
  return await query(connectionString, 'select 1').then(
    () => true,
    () => false,
  );
}

function pidFilePath(): string {
  return join(dataDir, 'postgres', 'data', 'postmaster.pid');
}

async function serverPid(): Promise<number> {
  return Number.parseInt(await readFile(pidFilePath(), 'utf8'), 10);
}

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid ?? 0;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('The condition did not come true');
    await pause(20);
  }
}
