import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BreakablePostgres } from '../support/breakable-postgres.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { TrapProxy } from './trap-proxy.ts';

export const ADMIN_KEY = 'an-administrators-key-that-only-chaos-knows';
const SECRETS = {
  secretKey: 'sk_test_chaos',
  publishableKey: 'pk_test_chaos',
  webhookSecrets: ['whsec_chaos'],
};
const RETRY_MS = 100;
const UP_WITHIN_MS = 60_000;

/** One of several gateways, with what stands between it and the others. */
class Gateway {
  readonly url: string;
  readonly database: TrapProxy;
  readonly provider: TrapProxy;
  readonly #environment: Readonly<Record<string, string>>;
  #process: GatewayProcess | null = null;

  constructor(
    port: number,
    database: TrapProxy,
    provider: TrapProxy,
    environment: Readonly<Record<string, string>>,
  ) {
    this.url = `http://127.0.0.1:${port}`;
    this.database = database;
    this.provider = provider;
    this.#environment = { ...environment, PORT: String(port) };
  }

  get isUp(): boolean {
    return this.#process?.isRunning === true;
  }

  /** Starts it until it listens: while PostgreSQL is dead it ends again. */
  async start(): Promise<void> {
    for (const deadline = performance.now() + UP_WITHIN_MS; ; await pause(RETRY_MS)) {
      this.#process = new GatewayProcess(this.#environment);
      try {
        await this.#process.listening();
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
      }
    }
  }

  async kill(): Promise<void> {
    await this.#process?.stop('SIGKILL');
    this.database.cut();
    this.provider.cut();
  }

  async close(): Promise<void> {
    await this.#process?.stop();
    await this.database.close();
    await this.provider.close();
  }
}

/** Everything that lives and dies in a run: PostgreSQL, gateways, and a provider that stays. */
export interface World {
  readonly postgres: BreakablePostgres;
  readonly gateways: readonly Gateway[];
  readonly sandboxUrl: string;
  /** Sends the webhooks that wait; answers how many have not arrived. */
  drainWebhooks(): Promise<number>;
  /** Turns the sandbox's control door. */
  control(path: string, body: object): Promise<void>;
  books(): Promise<Record<string, readonly Record<string, unknown>[]>>;
  close(): Promise<void>;
}

/** Starts PostgreSQL, the sandbox, and `count` gateways on free ports. */
export async function startWorld(count: number): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-chaos-'));
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    // A hundred starts in a row need not compile the same code a hundred times.
    const shared = { NODE_COMPILE_CACHE: join(folder, 'compiled') };
    const postgres = await BreakablePostgres.start();
    closers.push(() => postgres.close());
    const gateways: Gateway[] = [];
    // Webhooks go to whoever is up.
    const ports = await Promise.all(Array.from({ length: count }, freePort));
    const front = await TrapProxy.open(() => {
      const up = gateways.findIndex(({ isUp }) => isUp);
      return ports[Math.max(0, up)] ?? 0;
    });
    closers.push(() => front.close());
    const { child, url } = await startSandboxProcess(folder, front.port);
    closers.push(() => stopSandbox(child));
    for (const [index, port] of ports.entries()) {
      const environment = { ...shared, DATA_DIR: join(folder, `gateway-${index}`) };
      const gateway = await prepareGateway(postgres, url, port, environment);
      gateways.push(gateway);
      closers.push(() => gateway.close());
      await gateway.start();
    }
    return { postgres, gateways, sandboxUrl: url, ...doorsOf(child, url), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startSandboxProcess(folder: string, webhookPort: number) {
  const options = {
    host: '127.0.0.1',
    port: 0,
    booksFile: join(folder, 'sandbox.db'),
    stripe: { ...SECRETS, webhookUrl: `http://127.0.0.1:${webhookPort}/webhooks/stripe` },
  };
  const child = fork(new URL('./sandbox-process.ts', import.meta.url), [JSON.stringify(options)]);
  const [url] = (await once(child, 'message')) as [string];
  return { child, url };
}

async function stopSandbox(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}

async function prepareGateway(
  postgres: BreakablePostgres,
  sandboxUrl: string,
  port: number,
  environment: Readonly<Record<string, string>>,
): Promise<Gateway> {
  const databaseUrl = new URL(postgres.ownerUrl);
  const databasePort = Number(databaseUrl.port);
  const database = await TrapProxy.open(() => databasePort);
  const provider = await TrapProxy.open(() => Number(new URL(sandboxUrl).port));
  databaseUrl.port = String(database.port);
  return new Gateway(port, database, provider, {
    ...environment,
    DATABASE_URL: databaseUrl.href,
    ADMIN_KEY,
    LOG_LEVEL: 'fatal',
    STRIPE_SECRET_KEY: SECRETS.secretKey,
    STRIPE_PUBLISHABLE_KEY: SECRETS.publishableKey,
    STRIPE_WEBHOOK_SECRETS: SECRETS.webhookSecrets.join(','),
    STRIPE_API_BASE: `http://127.0.0.1:${provider.port}`,
    REDIRECT_ORIGINS: 'http://localhost:3000',
  });
}

function doorsOf(child: ChildProcess, url: string) {
  return {
    drainWebhooks: async () => {
      const answered = once(child, 'message');
      child.send('drain');
      const [{ undelivered }] = (await answered) as [{ undelivered: number }];
      return undelivered;
    },
    control: async (path: string, body: object) => {
      const response = await fetch(`${url}/_control/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    },
    books: async () => {
      const response = await fetch(`${url}/_control/books`);
      const { stripe } = (await response.json()) as {
        stripe: Record<string, Record<string, unknown>[]>;
      };
      return stripe;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
