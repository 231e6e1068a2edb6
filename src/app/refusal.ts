import type { Config } from '../config.ts';
import { ForeignEnvironment } from '../features/operations/operations.errors.ts';
import { UnusableDatabase } from '../platform/database/check-database.ts';

interface SystemFailure {
  readonly code?: string;
  readonly message: string;
  readonly port?: number;
  readonly path?: string;
  /** SQLite's own number. */
  readonly errcode?: number;
}

const CANNOT_WRITE = new Set(['EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ENOTDIR', 'ENOSPC', 'EEXIST']);
/** Read-only, full, cannot open. */
const SQLITE_CANNOT_WRITE = new Set([8, 13, 14]);

/** What keeps the gateway from starting, in one line that begins with the setting to look at; null when that is not known. */
export function refusalOf(error: unknown, config: Config): string | null {
  if (error instanceof UnusableDatabase) return `DATABASE_URL: ${error.message}`;
  if (error instanceof ForeignEnvironment) return `${settingOf(config)}: ${error.message}`;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const known = ofListening(cause, config) ?? ofDataFolder(cause, config);
    if (known !== null) return known;
  }
  return null;
}

/** Where the database is set: the embedded one lives in the data folder. */
function settingOf({ database }: Config): string {
  return database.url === null ? 'DATA_DIR' : 'DATABASE_URL';
}

function ofListening({ code, port }: SystemFailure, config: Config): string | null {
  const isSandbox = port !== config.port && port === config.sandboxPort;
  const variable = isSandbox ? 'SANDBOX_PORT' : 'PORT';
  switch (code) {
    case 'EADDRINUSE':
      return `${variable}: ${port} is in use; stop what listens there, or give ${variable}=0 to pick a free port.`;
    case 'EACCES':
      if (port === undefined) return null;
      return `${variable}: this user may not listen at ${port}; give a port above 1023, or 0.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST: ${config.host} is no address of this machine; give 127.0.0.1, or 0.0.0.0 for all.`;
    default:
      return null;
  }
}

function ofDataFolder(failure: SystemFailure, { dataDir }: Config): string | null {
  const problem = problemOfWriting(failure, dataDir);
  if (problem === null) return null;
  return `DATA_DIR: ${dataDir}: ${problem}; give a folder that this user may write to.`;
}

function problemOfWriting({ code, path, errcode }: SystemFailure, dataDir: string): string | null {
  if (code === 'ERR_SQLITE_ERROR')
    return errcode !== undefined && SQLITE_CANNOT_WRITE.has(errcode % 256)
      ? "the sandbox's books in it cannot be written"
      : null;
  if (code === undefined || !CANNOT_WRITE.has(code) || !path) return null;
  if (!path.startsWith(dataDir) && !dataDir.startsWith(path)) return null;
  return code === 'ENOSPC' ? 'the disk is full' : `it cannot be written (${code})`;
}
