import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { GraphClient } from '../support/graph-client.ts';
import { givenDataDir, startProcess } from './given.ts';

const run = promisify(execFile);

/** The command that a start prints, run as a person would who pastes it. */
async function runPrintedCommand(stdout: string): Promise<{ data?: { account: object } }> {
  const command = /^ {2}curl [\s\S]*?'$/m.exec(stdout)?.[0] ?? 'exit 9';
  return JSON.parse((await run('sh', ['-c', command])).stdout);
}

describe('a start', () => {
  it('prints the keys once, and a command that works every time', { timeout: 90_000 }, async () => {
    const dataDir = await givenDataDir();
    const first = startProcess(dataDir);
    const url = await first.listening();
    const file = join(dataDir, 'keys.json');
    const keys = JSON.parse(await readFile(file, 'utf8'));

    expect(keys).toEqual({
      adminKey: expect.stringMatching(/^tg_admin_/),
      accountId: expect.any(String),
      masterKey: expect.stringMatching(/^tg_master_/),
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    for (const said of [keys.adminKey, keys.masterKey, keys.accountId, file, `${url}/graphiql`])
      expect(first.stdout).toContain(said);
    expect(first.stderr).toBe('');
    expect(await runPrintedCommand(first.stdout)).toMatchObject({
      data: { account: { name: 'Demo', plan: { slug: 'free' } } },
    });
    const admin = await new GraphClient(url, keys.adminKey).post({ query: '{ apiKeys { kind } }' });
    expect(admin.data).toEqual({ apiKeys: [{ kind: 'ADMIN' }] });
    expect(await first.stop()).toMatchObject({ code: 0 });

    const second = startProcess(dataDir);
    await second.listening();
    expect(second.stdout).toContain(`The keys of the first start are in ${file}`);
    expect(second.stdout).not.toContain(keys.masterKey);
    expect(second.stdout).not.toContain(keys.adminKey);
    expect(second.stderr).toBe('');
    expect(await runPrintedCommand(second.stdout)).toMatchObject({
      data: { account: { name: 'Demo' } },
    });
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(keys);
  });

  it('does not show a key that the settings gave', async () => {
    const dataDir = await givenDataDir();
    const adminKey = 'an-administrators-key-from-the-settings';
    const gateway = startProcess(dataDir, { ADMIN_KEY: adminKey });
    const url = await gateway.listening();

    expect(gateway.stdout + gateway.stderr).not.toContain(adminKey);
    expect(await readFile(join(dataDir, 'keys.json'), 'utf8')).not.toContain(adminKey);
    const answer = await new GraphClient(url, adminKey).post({ query: '{ apiKeys { kind } }' });
    expect(answer.data).toEqual({ apiKeys: [] });
  });

  it('of two at once on one data folder makes one set of keys', { timeout: 90_000 }, async () => {
    const dataDir = await givenDataDir();
    const both = [startProcess(dataDir), startProcess(dataDir)];
    const urls = await Promise.all(both.map((gateway) => gateway.listening()));

    expect(both.filter(({ stdout }) => stdout.includes('Demo key'))).toHaveLength(1);
    const keys = JSON.parse(await readFile(join(dataDir, 'keys.json'), 'utf8'));
    for (const url of urls) {
      const admin = new GraphClient(url, keys.adminKey);
      expect((await admin.post({ query: '{ apiKeys { kind } }' })).data).toEqual({
        apiKeys: [{ kind: 'ADMIN' }],
      });
      const demo = await new GraphClient(url, keys.masterKey).post({ query: '{ account { id } }' });
      expect(demo.data).toEqual({ account: { id: keys.accountId } });
    }
  });
});
