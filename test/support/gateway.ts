import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, startApp } from '../../src/app.ts';
import { secretsOf } from '../../src/config/secrets.ts';
import { loadConfig } from '../../src/config.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { GraphClient } from './graph-client.ts';
import { LiveClient } from './live-client.ts';
import { CreateAccountDocument } from './operations.generated.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';

const ADMIN_KEY = 'an-administrators-key-that-only-tests-know';

interface GatewayOptions {
  /** Another gateway's database, for several processes on one; its own one when not given. */
  readonly database?: TestDatabase;
  readonly clock?: Clock;
  readonly environment?: Readonly<Record<string, string>>;
  /** Hears every line of the log, of whatever level LOG_LEVEL says. */
  readonly onLog?: (line: string) => void;
}

export interface TestAccount {
  readonly id: string;
  readonly masterKey: string;
  /** GraphQL with the account's master key. */
  readonly client: GraphClient;
}

/** A whole gateway in this process: real PostgreSQL, real sandbox, real sockets, free ports. */
export interface TestGateway extends AsyncDisposable {
  readonly app: App;
  readonly url: string;
  readonly sandboxUrl: string;
  readonly database: TestDatabase;
  readonly admin: GraphClient;
  as(key: string | null): GraphClient;
  /** A socket with this key. Disposed of with the gateway. */
  live(key: string | null): LiveClient;
  createAccount(input?: {
    externalId?: string;
    timeZone?: string;
    credits?: string;
  }): Promise<TestAccount>;
  /** Resolves when every webhook has arrived and every job that can run has run. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

let accountsMade = 0;

/** Starts a gateway of one's own; close it when the file is done. */
export async function startGateway(options: GatewayOptions = {}): Promise<TestGateway> {
  const database = options.database ?? (await createTestDatabase());
  const dataDir = await mkdtemp(join(tmpdir(), 'tollgate-test-'));
  const config = loadConfig({
    PORT: '0',
    SANDBOX_PORT: '0',
    DATA_DIR: dataDir,
    DATABASE_URL: database.appUrl,
    ADMIN_KEY,
    LOG_LEVEL: 'silent',
    NODE_ENV: 'test',
    // Every minute it would bring what a test holds back.
    RECONCILE: 'off',
    ...options.environment,
  });
  const { onLog } = options;
  const logger = createLogger(config.logLevel, {
    secrets: secretsOf(config),
    ...(onLog === undefined ? {} : { destination: { write: onLog } }),
  });
  const app = await startApp({
    config,
    databaseUrl: database.appUrl,
    logger,
    clock: options.clock,
  });
  const sockets: LiveClient[] = [];
  const as = (key: string | null) => new GraphClient(app.url, key);
  const close = async () => {
    await Promise.all(sockets.map((socket) => socket.close()));
    await app.close();
    if (options.database === undefined) await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  };
  const admin = as(ADMIN_KEY);
  return {
    app,
    url: app.url,
    sandboxUrl: app.sandboxUrl ?? '',
    database,
    admin,
    as,
    live: (key) => {
      const socket = new LiveClient(app.url, key);
      sockets.push(socket);
      return socket;
    },
    createAccount: (input = {}) => createAccount(admin, as, input),
    settled: () => settled(app),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function createAccount(
  admin: GraphClient,
  as: (key: string) => GraphClient,
  { externalId, timeZone, credits }: { externalId?: string; timeZone?: string; credits?: string },
): Promise<TestAccount> {
  accountsMade += 1;
  const name = externalId ?? `account-${accountsMade}`;
  const { createAccount: made } = await admin.request(CreateAccountDocument, {
    input: { externalId: name, name, email: `${name}@example.com`, timeZone },
  });
  const account = { id: made.account.id, masterKey: made.masterKey, client: as(made.masterKey) };
  if (credits !== undefined) await setBalance(admin, account.id, credits);
  return account;
}

/** Brings a new account from the default plan's first credits to exactly these. */
async function setBalance(admin: GraphClient, accountId: string, credits: string): Promise<void> {
  const { account } = await admin.query<{ account: { creditBalance: { available: string } } }>(
    'query ($id: ID) { account(id: $id) { creditBalance { available } } }',
    { id: accountId },
  );
  const amount = Number(credits) - Number(account.creditBalance.available);
  if (amount === 0) return;
  await admin.query(
    'mutation ($input: AdjustCreditsInput!) { adjustCredits(input: $input) { ... on SpendCreditsPayload { transaction { id } } } }',
    { input: { accountId, amount: String(amount), reason: 'Set up.', idempotencyKey: 'set-up' } },
  );
}

async function settled(app: App): Promise<void> {
  await app.drainSandbox();
  await app.jobs.whenIdle();
}
