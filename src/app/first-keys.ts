import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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
  /** What was made just now, to be shown once; after that it is in the file and nowhere else. */
  readonly made: FirstKeys | null;
  /** What the file holds. */
  readonly kept: FirstKeys;
}

const DEMO_EXTERNAL_ID = 'demo';
const NO_KEYS: FirstKeys = { adminKey: null, accountId: null, masterKey: null };

/** Gateways that start at once on one database agree on this number; it has no other meaning. */
const ADVISORY_LOCK = 7_033_100_429n;

/**
 * On the first start: makes an administrator's key (unless the settings name one) and, outside production, a demo account,
 * and writes them to `keys.json` in the data folder, readable by its owner only. Of gateways that start at once on one
 * database, one makes them. Throws what writing the file throws, before anything is made.
 */
export async function provideFirstKeys(services: Services): Promise<KeysAtStart> {
  return services.database.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
    return provide(services);
  });
}

async function provide(services: Services): Promise<KeysAtStart> {
  const file = join(services.config.dataDir, 'keys.json');
  const known = await readKeys(file);
  const wants = await missing(services);
  if (!wants.admin && !wants.demo) return { file, made: null, kept: known };

  const draft = await openDraft(services.config.dataDir, file);
  try {
    const made: FirstKeys = {
      adminKey: wants.admin ? await makeAdminKey(services) : null,
      ...(wants.demo ? await makeDemoAccount(services) : { accountId: null, masterKey: null }),
    };
    const kept: FirstKeys = {
      adminKey: made.adminKey ?? known.adminKey,
      accountId: made.accountId ?? known.accountId,
      masterKey: made.masterKey ?? known.masterKey,
    };
    await writeFile(draft, toText(kept));
    await rename(draft, file);
    return { file, made, kept };
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function missing({ config, apiKeys, accounts }: Services) {
  const hasAdmin =
    config.adminKey !== null || (await apiKeys.keys(null)).some((key) => key.revokedAt === null);
  const hasDemo =
    config.nodeEnv === 'production' || (await accounts.findByExternalId(DEMO_EXTERNAL_ID)) !== null;
  return { admin: !hasAdmin, demo: !hasDemo };
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

async function readKeys(file: string): Promise<FirstKeys> {
  try {
    return { ...NO_KEYS, ...(JSON.parse(await readFile(file, 'utf8')) as Partial<FirstKeys>) };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (isMissing || error instanceof SyntaxError) return NO_KEYS;
    // What a failed read throws does not always say of which file.
    throw Object.assign(error as Error, { path: file });
  }
}

/** The file is written whole or not at all; that it can be written is known before there is a secret to lose. */
async function openDraft(folder: string, file: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, toText(NO_KEYS), { mode: 0o600 });
  return draft;
}

function toText(keys: FirstKeys): string {
  return `${JSON.stringify(keys, null, 2)}\n`;
}
