import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { provideFirstKeys } from './app/first-keys.ts';
import { refusalOf } from './app/refusal.ts';
import { welcome } from './app/welcome.ts';
import { type App, startApp } from './app.ts';
import { ConfigError } from './config/mistakes.ts';
import { secretsOf } from './config/secrets.ts';
import { type Config, loadConfig } from './config.ts';
import { checkDatabase } from './platform/database/check-database.ts';
import { startEmbeddedPostgres } from './platform/database/embedded-postgres.ts';
import { migrate } from './platform/database/migrate.ts';
import { createLogger, type Logger } from './platform/logger.ts';

const OLDEST_NODE = 24;
const STOP_WITHIN_MS = 9_500;
/** A process group, a terminal and a parent may all deliver the same signal; a later one is meant as a second one. */
const SAME_SIGNAL_MS = 1_000;

const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
await run();

/** The first signal lets what is under way finish, the second one does not wait for it. */
function stop(): void {
  const { signal } = stopping;
  if (!signal.aborted) stopping.abort(performance.now());
  else if (performance.now() - signal.reason > SAME_SIGNAL_MS) process.exit(1);
}

/** Starts everything, waits for the signal to stop, and stops everything. */
async function run(): Promise<void> {
  const config = readConfig();
  if (config === null) return;
  const logger = createLogger(config.logLevel, { secrets: secretsOf(config) });
  for (const warning of config.warnings) logger.warn(warning);
  const closers: (() => Promise<void>)[] = [];
  try {
    const app = await start(config, logger, closers);
    const keys = await provideFirstKeys(app.services);
    say(1, welcome(app, keys, config.nodeEnv === 'production'));
    await stopSignal();
  } catch (error) {
    if (!stopping.signal.aborted) refuse(error, config, logger);
  }
  setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
  for (const closer of closers.reverse()) {
    await closer().catch((error: Error) =>
      logger.error({ err: error }, 'a part did not stop cleanly'),
    );
  }
  // What may be left is a call to a provider that is tried again; its intent is stored, and a job finishes it.
  process.exit();
}

function readConfig(): Config | null {
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE) {
    say(
      2,
      `Tollgate needs Node ${OLDEST_NODE} or later, and this is ${process.versions.node}: use "npm start".\n`,
    );
    process.exitCode = 1;
    return null;
  }
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    say(2, `${error.message}\n`);
    process.exitCode = 1;
    return null;
  }
}

async function start(
  config: Config,
  logger: Logger,
  closers: (() => Promise<void>)[],
): Promise<App> {
  await mkdir(config.dataDir, { recursive: true });
  const { ownerUrl, appUrl, appRole } = await findDatabase(config, logger, closers);
  refuseIfStopping();
  await migrate({ ownerUrl, appRole });
  refuseIfStopping();
  const app = await startApp({ config, databaseUrl: appUrl, logger });
  closers.push(() => app.close());
  return app;
}

async function findDatabase(config: Config, logger: Logger, closers: (() => Promise<void>)[]) {
  const { url } = config.database;
  if (url !== null) {
    await checkDatabase(url);
    return { ownerUrl: url, appUrl: url, appRole: null };
  }
  const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir, durable: true, logger });
  closers.push(() => postgres.stop());
  return { ownerUrl: postgres.ownerUrl, appUrl: postgres.appUrl, appRole: 'tollgate_app' };
}

/** A signal during the start: what was started so far is stopped again. */
function refuseIfStopping(): void {
  if (stopping.signal.aborted) throw new Error('The gateway was told to stop while it started.');
}

function stopSignal(): Promise<void> {
  if (stopping.signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    stopping.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}

function refuse(error: unknown, config: Config, logger: Logger): void {
  process.exitCode = 1;
  const known = refusalOf(error, config);
  if (known === null) logger.fatal({ err: error }, 'the gateway could not start');
  else say(2, `${known}\n`);
}

function say(stream: 1 | 2, text: string): void {
  writeSync(stream, text);
}
