import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  lchown,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Binaries, findBinaries } from './embedded-postgres-binaries.ts';
import {
  canReach,
  chooseServerUser,
  isAlive,
  type ServerUser,
  serverEnvironment,
} from './embedded-postgres-system.ts';

const run = promisify(execFile);

/** One PostgreSQL data folder, ready to be served. All paths are absolute. */
export interface Cluster {
  /** The data folder proper, PostgreSQL's PGDATA. */
  data: string;
  /** What the server is told as its data folder; see `nameForServer`. */
  dataArgument: string;
  logFile: string;
  binaries: Binaries;
  user: ServerUser | undefined;
  credentials: Credentials;
}

interface Credentials {
  superuserPassword: string;
  ownerPassword: string;
  appPassword: string;
}

/**
 * Makes `dataDir/postgres` hold a database cluster, creating it when it is not there yet: `data/` (PGDATA),
 * `credentials.json` (0600) and `server.log`. A crash in between leaves nothing that a later start trips over,
 * and of two processes that create it at once one wins. Throws when the folder cannot be used.
 */
export async function prepareCluster(dataDir: string, durable: boolean): Promise<Cluster> {
  await mkdir(dataDir, { recursive: true });
  const root = await realpath(dataDir);
  const folder = join(root, 'postgres');
  const data = join(folder, 'data');
  const user = await chooseServerUser(data);
  const reachable = await canReach(root, user);
  const binaries = await findBinaries(user, reachable ? [root] : []);

  await removeLeftovers(root);
  if (!(await exists(join(data, 'PG_VERSION')))) {
    await createCluster({ root, folder, binaries, user, durable });
  }
  await checkVersion(data, binaries);
  if (user !== undefined) await ownAll(data, user);

  return {
    data,
    dataArgument: await nameForServer(data, user),
    logFile: join(folder, 'server.log'),
    binaries,
    user,
    credentials: JSON.parse(await readFile(join(folder, 'credentials.json'), 'utf8')),
  };
}

/** A creation that was cut short leaves its folder, named after the process that is gone. */
async function removeLeftovers(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const pid = /^postgres\.init-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) {
      await rm(join(root, name), { recursive: true, force: true });
    }
  }
}

interface Creation {
  root: string;
  folder: string;
  binaries: Binaries;
  user: ServerUser | undefined;
  durable: boolean;
}

/** Builds everything beside its final place and moves it there in one step, credentials and data together. */
async function createCluster(creation: Creation): Promise<void> {
  const { root, folder, user } = creation;
  const building = await mkdtemp(join(root, `postgres.init-${process.pid}-`));
  try {
    const data = join(building, 'data');
    await mkdir(data);
    await chmod(data, 0o700);
    if (user !== undefined) {
      await chmod(building, 0o711);
      await chown(data, user.uid, user.gid);
    }
    const credentials = newCredentials();
    await writeDurably(join(building, 'credentials.json'), JSON.stringify(credentials, null, 2));
    await runInitdb(creation, data, credentials.superuserPassword);
    await rename(building, folder).catch(async (cause) => {
      if (await exists(join(folder, 'data', 'PG_VERSION'))) return;
      throw new Error(`${folder} is in the way: it is not a database of this program`, { cause });
    });
    if (creation.durable) await syncFolder(root);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

function newCredentials(): Credentials {
  const password = () => randomBytes(24).toString('base64url');
  return { superuserPassword: password(), ownerPassword: password(), appPassword: password() };
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function runInitdb(creation: Creation, data: string, password: string): Promise<void> {
  const { binaries, user, durable } = creation;
  const secrets = await mkdtemp(join(tmpdir(), 'tollgate-init-'));
  const passwordFile = join(secrets, 'password');
  try {
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (user !== undefined) {
      await chown(passwordFile, user.uid, user.gid);
      await chown(secrets, user.uid, user.gid);
    }
    const settings = [
      `--pgdata=${await nameForServer(data, user)}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
      ...(durable ? [] : ['--no-sync']),
    ];
    await run(binaries.initdb, settings, {
      ...user,
      cwd: data,
      env: serverEnvironment(),
      windowsHide: true,
    });
  } catch (cause) {
    const reason = (cause as { stderr?: string }).stderr?.trim() || String(cause);
    throw new Error(`PostgreSQL could not create its data folder: ${reason}`, { cause });
  } finally {
    await rm(secrets, { recursive: true, force: true });
  }
}

/**
 * The path by which the server finds its data folder. A folder inside one that the server's user may not enter
 * (root's home is 0700) cannot be reached by name; the server is started inside it, and Linux has a name for
 * that which asks for no permission on the way. So the data stay where DATA_DIR says.
 */
async function nameForServer(data: string, user: ServerUser | undefined): Promise<string> {
  if (await canReach(data, user)) return data;
  if (process.platform === 'linux') return '/proc/self/cwd';
  throw new Error(
    `${data} cannot be entered by the user ${user?.uid} that PostgreSQL runs as when started by root. ` +
      'Choose a DATA_DIR that every user can enter, or start as an ordinary user.',
  );
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

async function checkVersion(data: string, binaries: Binaries): Promise<void> {
  const made = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  if (made !== binaries.majorVersion) {
    throw new Error(
      `The database in ${data} was made by PostgreSQL ${made}, and this program brings ${binaries.majorVersion}. ` +
        `Move the data with pg_dump, or serve them by a PostgreSQL ${made} of your own and set DATABASE_URL.`,
    );
  }
}

/** Root may have copied the folder from elsewhere; PostgreSQL insists on owning it. */
async function ownAll(data: string, user: ServerUser): Promise<void> {
  if ((await stat(data)).uid === user.uid) return;
  for (const entry of await readdir(data, { withFileTypes: true, recursive: true })) {
    await lchown(join(entry.parentPath, entry.name), user.uid, user.gid);
  }
  await chown(data, user.uid, user.gid);
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
