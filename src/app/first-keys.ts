import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Services } from './services.ts';

/** The keys that a first start makes, as they stand in `keys.json`. */
interface FirstKeys {
  readonly adminKey: string | null;
  readonly accountId: string | null;
  readonly masterKey: string | null;
}

export interface KeysAtStart {
  readonly file: string;
  /** Only when they were made just now; after that they are in the file and nowhere else. */
  readonly made: FirstKeys | null;
  /** An id to show in examples, when the file names one. */
  readonly accountId: string | null;
}

const DEMO_EXTERNAL_ID = 'demo';

/**
 * On the first start: makes an administrator's key (unless the settings name one) and, outside production, a demo account,
 * and writes them to `keys.json` in the data folder, readable by its owner only.
 */
export async function provideFirstKeys(services: Services): Promise<KeysAtStart> {
  const { config, apiKeys } = services;
  const file = join(config.dataDir, 'keys.json');
  const hasAdmin =
    config.adminKey !== null || (await apiKeys.keys(null)).some((key) => key.revokedAt === null);
  const demo = await services.accounts.findByExternalId(DEMO_EXTERNAL_ID);
  const wantsDemo = config.nodeEnv !== 'production' && demo === null;
  if (hasAdmin && !wantsDemo) return { file, made: null, accountId: demo?.id ?? null };

  const known = await readKeys(file);
  const admin = hasAdmin ? null : await makeAdminKey(services);
  const account = wantsDemo ? await makeDemoAccount(services) : null;
  const made: FirstKeys = {
    adminKey: admin ?? config.adminKey ?? known.adminKey ?? null,
    accountId: account?.accountId ?? known.accountId ?? null,
    masterKey: account?.masterKey ?? known.masterKey ?? null,
  };
  await writeKeys(config.dataDir, file, { ...made, adminKey: admin ?? known.adminKey ?? null });
  return { file, made, accountId: made.accountId };
}

async function makeAdminKey({ apiKeys }: Services): Promise<string> {
  const { secret } = await apiKeys.createKey({
    kind: 'ADMIN',
    accountId: null,
    name: 'First admin key',
    scopes: [],
    agentId: null,
  });
  return secret;
}

async function makeDemoAccount({
  lifecycle,
}: Services): Promise<{ accountId: string; masterKey: string }> {
  const { account, masterKey } = await lifecycle.createAccount({
    externalId: DEMO_EXTERNAL_ID,
    name: 'Demo',
    email: 'demo@example.com',
    timeZone: null,
    currency: null,
  });
  return { accountId: account.id, masterKey };
}

async function readKeys(file: string): Promise<Partial<FirstKeys>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Partial<FirstKeys>;
  } catch {
    return {};
  }
}

/** Whole or not at all, and never readable by others. */
async function writeKeys(folder: string, file: string, keys: FirstKeys): Promise<void> {
  await mkdir(folder, { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
}
