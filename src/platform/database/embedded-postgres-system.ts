import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface ServerUser {
  uid: number;
  gid: number;
}

/** `nobody`: the user and group that a server started by root runs as. */
const NOBODY = 65534;

/**
 * Says who the server runs as: undefined for ourselves, and another user when we are root, because PostgreSQL
 * refuses to run as root. An existing data folder stays with its owner.
 * Throws when the data folder belongs to somebody whom we cannot become.
 */
export async function chooseServerUser(cluster: string): Promise<ServerUser | undefined> {
  const ownUid = process.geteuid?.();
  if (ownUid === undefined) return undefined;
  const owner = await stat(cluster).catch(() => undefined);
  if (ownUid === 0) {
    return owner === undefined || owner.uid === 0
      ? { uid: NOBODY, gid: NOBODY }
      : { uid: owner.uid, gid: owner.gid };
  }
  if (owner !== undefined && owner.uid !== ownUid) {
    throw new Error(
      `The database in ${cluster} belongs to the user with id ${owner.uid}, and this is user ${ownUid}. ` +
        'Start as the user who created it, or choose another DATA_DIR.',
    );
  }
  return undefined;
}

/** Whether `user` may pass through every folder on the way to `path`, itself included (a real path, without links). */
export async function canReach(path: string, user: ServerUser | undefined): Promise<boolean> {
  if (user === undefined) return true;
  for (let folder = path; ; folder = dirname(folder)) {
    const { uid, gid, mode } = await stat(folder);
    const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
    if (((mode >> shift) & 1) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** The server's environment: ours would let variables such as PGDATA or a locale leak in. Windows needs its own. */
export function serverEnvironment(): NodeJS.ProcessEnv | undefined {
  return process.platform === 'win32'
    ? undefined
    : { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' };
}

/** Whether a process with this id exists, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
