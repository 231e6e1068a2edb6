import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, readlink, rename, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from './embedded-postgres-cluster.ts';
import { isAlive, serverEnvironment } from './embedded-postgres-system.ts';

/** A running PostgreSQL server. `child` is there when this process started it. */
export interface Postmaster {
  pid: number;
  port: number;
  ready: boolean;
  child?: ChildProcess;
}

const POLL_MS = 10;
const FAST_STOP_MS = 4_500;
const HARD_STOP_MS = 6_000;
const LOG_LIMIT_BYTES = 10_000_000;
/** No process can have this id: it is beyond every system's limit. */
const NO_PID = 2_147_483_646;

/** Endings of a start that a second attempt cures: another start was quicker, or somebody took the port. */
const PASSING_FAILURES =
  /lock file "postmaster\.pid" (already exists|is empty)|Address already in use|could not create any TCP\/IP sockets|pre-existing shared memory block/;

/** The server that runs on this cluster now, whoever started it, or undefined. */
export async function findPostmaster(cluster: Cluster): Promise<Postmaster | undefined> {
  const file = join(cluster.data, 'postmaster.pid');
  const lines = await readFile(file, 'utf8').then(
    (text) => text.split('\n'),
    () => [],
  );
  const pid = Number(lines[0]);
  if (!(pid > 0) || !isAlive(pid)) return undefined;
  if (await servesCluster(pid, cluster)) {
    return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
  }
  // The server died and its id now belongs to an unrelated process. Only the id is made void: the rest of the
  // file lets PostgreSQL itself make sure that no process of the dead server still uses the data.
  await writeFile(file, [String(NO_PID), ...lines.slice(1)].join('\n'));
  return undefined;
}

/**
 * Starts a server on 127.0.0.1 and waits until it accepts connections; crash recovery may take its time.
 * `port`: undefined for a free one, the last one if possible. Answers undefined when another try may succeed,
 * because another process started the server at the same moment or took the port. Throws with the end of the
 * server's log otherwise.
 */
export async function launchPostmaster(
  cluster: Cluster,
  durable: boolean,
  port?: number,
): Promise<Postmaster | undefined> {
  const chosenPort = port ?? (await chooseFreePort(cluster));
  await rotateLog(cluster.logFile);
  const log = await open(cluster.logFile, 'a', 0o600);
  const logStart = (await log.stat()).size;
  try {
    const child = spawn(
      cluster.binaries.postgres,
      serverArguments(cluster, durable, chosenPort),
      // A process group of its own: Ctrl-C in the terminal must not stop the database before the gateway has drained.
      {
        ...cluster.user,
        cwd: cluster.data,
        env: serverEnvironment(),
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        windowsHide: true,
      },
    );
    const failure = await untilReady(cluster, child);
    if (failure === undefined) {
      child.unref();
      return { pid: child.pid ?? 0, port: chosenPort, ready: true, child };
    }
    const text = (await readFile(cluster.logFile)).subarray(logStart).toString().trim();
    if (PASSING_FAILURES.test(text)) return undefined;
    throw new Error(`PostgreSQL did not start (${failure}): ${text.slice(-2_000)}`);
  } finally {
    await log.close();
  }
}

/** Stops a server: open transactions are rolled back, a checkpoint is written. Forced when that takes too long. */
export async function stopPostmaster(cluster: Cluster, postmaster: Postmaster): Promise<void> {
  signalPostmaster(cluster, postmaster, 'INT');
  if (await isGoneWithin(cluster, postmaster, FAST_STOP_MS)) return;
  signalPostmaster(cluster, postmaster, 'QUIT');
  if (await isGoneWithin(cluster, postmaster, HARD_STOP_MS)) return;
  throw new Error(`PostgreSQL (process ${postmaster.pid}) does not stop`);
}

/** Asks a server to stop, now and without waiting: for the moment of exit, when nothing can be awaited. */
export function signalPostmaster(
  cluster: Cluster,
  postmaster: Postmaster,
  signal: 'INT' | 'QUIT',
): void {
  try {
    if (process.platform === 'win32') {
      execFileSync(cluster.binaries.pgCtl, ['kill', signal, String(postmaster.pid)]);
    } else {
      process.kill(postmaster.pid, `SIG${signal}`);
    }
  } catch {
    // It is gone already, which is what was asked for.
  }
}

/** Tells a server of this cluster from a stranger that happens to have the id of a dead one. */
async function servesCluster(pid: number, cluster: Cluster): Promise<boolean> {
  // Elsewhere the connection itself has to tell: a stranger does not know the password.
  if (process.platform !== 'linux') return true;
  const [folder, name] = await Promise.all([
    readlink(`/proc/${pid}/cwd`).catch(() => ''),
    readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''),
  ]);
  return folder === cluster.data && name.trim() === 'postgres';
}

/** The port of the last time when it is free: processes that outlived the server then find it again. */
async function chooseFreePort(cluster: Cluster): Promise<number> {
  const options = await readFile(join(cluster.data, 'postmaster.opts'), 'utf8').catch(() => '');
  const last = /"port=(\d+)"/.exec(options)?.[1];
  return (last && (await tryPort(Number(last)))) || (await tryPort(0));
}

/** The port if it is free (any free one for 0), or 0. */
async function tryPort(port: number): Promise<number> {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return 0;
  }
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function rotateLog(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LOG_LIMIT_BYTES) await rename(logFile, `${logFile}.1`);
}

function serverArguments(cluster: Cluster, durable: boolean, port: number): string[] {
  const safety = durable ? 'on' : 'off';
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    // TCP alone: the path of a socket may not be longer than 107 bytes, which a deep folder exceeds.
    unix_socket_directories: '',
    max_connections: '200',
    fsync: safety,
    synchronous_commit: safety,
    full_page_writes: safety,
    timezone: 'UTC',
    log_timezone: 'UTC',
    jit: 'off',
    logging_collector: 'off',
    // The server's own troubles; what a statement did wrong is told to the client that sent it.
    log_min_messages: 'log',
    log_checkpoints: 'off',
  };
  return [
    '-D',
    cluster.dataArgument,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/** Waits for the server to accept connections. Answers why it never will, or undefined when it does. */
async function untilReady(cluster: Cluster, child: ChildProcess): Promise<string | undefined> {
  let failure: string | undefined;
  child.once('error', (error) => {
    failure = error.message;
  });
  child.once('exit', (code, signal) => {
    failure ??= `exit code ${code ?? signal}`;
  });
  while (failure === undefined) {
    const lines = await readFile(join(cluster.data, 'postmaster.pid'), 'utf8').then(
      (text) => text.split('\n'),
      () => [],
    );
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return undefined;
    await pause(POLL_MS);
  }
  return failure;
}

async function isGoneWithin(
  cluster: Cluster,
  postmaster: Postmaster,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (!isAlive(postmaster.pid)) return true;
    // Somebody else's child whose parent does not collect it stays listed after its end, outside its folder.
    if (postmaster.child === undefined && !(await servesCluster(postmaster.pid, cluster)))
      return true;
    await pause(POLL_MS);
  }
  return !isAlive(postmaster.pid);
}
