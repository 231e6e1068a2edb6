import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RawSocket } from '../doors/raw-socket.ts';
import { eventually } from '../live/given.ts';
import { GraphClient } from '../support/graph-client.ts';
import { holdBalances, untilOneWaits } from '../support/held-balances.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { givenDataDir, startProcess } from './given.ts';

const BALANCE = '{ account { creditBalance { available } } }';
const SUBSCRIPTION = 'subscription { creditBalanceChanged { balance { available } } }';

async function keysIn(dataDir: string): Promise<{ adminKey: string; masterKey: string }> {
  return JSON.parse(await readFile(join(dataDir, 'keys.json'), 'utf8'));
}

/** Where the embedded PostgreSQL of a data folder runs. */
async function embeddedIn(dataDir: string): Promise<{ pid: number; ownerUrl: string }> {
  const folder = join(dataDir, 'postgres');
  const lines = (await readFile(join(folder, 'data/postmaster.pid'), 'utf8')).split('\n');
  const { ownerPassword } = JSON.parse(await readFile(join(folder, 'credentials.json'), 'utf8'));
  const ownerUrl = `postgres://tollgate_owner:${ownerPassword}@127.0.0.1:${lines[3]}/tollgate`;
  return { pid: Number(lines[0]), ownerUrl };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a stop', { timeout: 90_000 }, () => {
  it('lets a request finish, tells sockets, and leaves with 0', async () => {
    const dataDir = await givenDataDir();
    const database = await createTestDatabase();
    const gateway = startProcess(dataDir, { DATABASE_URL: database.ownerUrl });
    onTestFinished(() => database.drop());
    const url = await gateway.listening();
    const { masterKey } = await keysIn(dataDir);
    const socket = await RawSocket.open(url);
    await socket.init(masterKey);
    socket.send({ id: '1', type: 'subscribe', payload: { query: SUBSCRIPTION } });
    await socket.next('next');
    const release = await holdBalances(database.ownerUrl);
    const request = new GraphClient(url, masterKey).post({ query: BALANCE });
    await untilOneWaits(database.ownerUrl);

    const stopped = gateway.stop('SIGTERM');
    expect(await socket.closed).toEqual({ code: 1001, reason: 'The server is going away.' });
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    await release();

    expect(await request).toMatchObject({ status: 200, errors: [] });
    const { code, seconds } = await stopped;
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(10);
    expect(gateway.stderr).toBe('');
  });

  it('cuts off in time what does not finish, and a second signal does not wait', async () => {
    const dataDir = await givenDataDir();
    const gateway = startProcess(dataDir);
    const url = await gateway.listening();
    const { masterKey } = await keysIn(dataDir);
    const postgres = await embeddedIn(dataDir);
    const release = await holdBalances(postgres.ownerUrl);
    const request = new GraphClient(url, masterKey).post({ query: BALANCE }).catch(() => null);
    await untilOneWaits(postgres.ownerUrl);

    gateway.child.kill('SIGINT');
    const since = performance.now();
    await eventually(() =>
      fetch(`${url}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    await eventually(() => performance.now() - since > 1_100);
    const { code, seconds } = await gateway.stop('SIGINT');

    expect(code).toBe(1);
    expect(seconds).toBeLessThan(2);
    await request;
    await eventually(() => !isAlive(postgres.pid));
    await release();
  });

  it('stops the embedded PostgreSQL', async () => {
    const dataDir = await givenDataDir();
    const gateway = startProcess(dataDir);
    await gateway.listening();
    const { pid } = await embeddedIn(dataDir);
    expect(isAlive(pid)).toBe(true);

    expect(await gateway.stop('SIGINT')).toMatchObject({ code: 0 });

    expect(isAlive(pid)).toBe(false);
  });

  it('during the start undoes what was started', async () => {
    const dataDir = await givenDataDir();
    const gateway = startProcess(dataDir);
    await eventually(() => gateway.stdout.includes('Embedded PostgreSQL started'), 30_000);
    const { code } = await gateway.stop('SIGTERM');
    expect(code).toBe(0);
    expect(gateway.stderr).toBe('');
  });
});

describe('a gateway that was killed', { timeout: 90_000 }, () => {
  it('goes on where it was at the next start', async () => {
    const dataDir = await givenDataDir();
    const sandboxPort = await freePort();
    const first = startProcess(dataDir, { SANDBOX_PORT: sandboxPort });
    const client = new GraphClient(await first.listening(), (await keysIn(dataDir)).masterKey);
    await client.query(
      'mutation { spendCredits(input: { amount: "2.5", idempotencyKey: "a" }) { __typename } }',
    );
    const bought = await client.query<{ createCheckout: { checkoutUrl: string } }>(
      `mutation { createCheckout(input: { planSlug: "starter-pro", idempotencyKey: "b",
         successUrl: "http://localhost:3000/a", cancelUrl: "http://localhost:3000/b" })
         { ... on CreateCheckoutPayload { checkoutUrl } } }`,
    );
    const { pid } = await embeddedIn(dataDir);
    await first.stop('SIGKILL');
    expect(isAlive(pid)).toBe(true);

    const second = startProcess(dataDir, { SANDBOX_PORT: sandboxPort });
    const again = new GraphClient(await second.listening(), (await keysIn(dataDir)).masterKey);

    expect(second.stdout).toContain('Embedded PostgreSQL found running');
    expect(await again.query(BALANCE)).toEqual({
      account: { creditBalance: { available: '7.5' } },
    });
    const paid = await fetch(bought.createCheckout.checkoutUrl, {
      method: 'POST',
      body: new URLSearchParams({ action: 'pay', cardNumber: '4242424242424242' }),
      redirect: 'manual',
    });
    expect(paid.headers.get('location')).toBe('http://localhost:3000/a');
    await eventually(async () => {
      const { account } = await again.query<{ account: { plan: { slug: string } } }>(
        '{ account { plan { slug } } }',
      );
      return account.plan.slug === 'starter-pro';
    }, 20_000);
    expect(await second.stop()).toMatchObject({ code: 0 });
    // Its parent was killed, so that nobody collects it at once.
    await eventually(() => !isAlive(pid));
  });
});

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return String(typeof address === 'object' ? address?.port : 0);
}
