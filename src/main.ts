import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { provideFirstKeys } from './app/first-keys.ts';
import { welcome } from './app/welcome.ts';
import { type App, startApp } from './app.ts';
import { ConfigError } from './config/mistakes.ts';
import { type Config, loadConfig } from './config.ts';
import { startEmbeddedPostgres } from './platform/database/embedded-postgres.ts';
import { migrate } from './platform/database/migrate.ts';
import { createLogger, type Logger } from './platform/logger.ts';

const OLDEST_NODE = 24;
const STOP_WITHIN_MS = 9_500;

const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(signal, () => stopping.abort());
await run();

/** Starts everything, waits for the signal to stop, and stops everything. */
async function run(): Promise<void> {
  const config = readConfig();
  if (config === null) return;
  const logger = createLogger(config.logLevel);
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
  const { ownerUrl, appUrl, appRole } = await findDatabase(config, logger, closers);
  stopping.signal.throwIfAborted();
  await migrate({ ownerUrl, appRole });
  stopping.signal.throwIfAborted();
  const app = await startApp({ config, databaseUrl: appUrl, logger });
  closers.push(() => app.close());
  return app;
}

async function findDatabase(config: Config, logger: Logger, closers: (() => Promise<void>)[]) {
  const { url } = config.database;
  if (url !== null) return { ownerUrl: url, appUrl: url, appRole: null };
  const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir, durable: true, logger });
  closers.push(() => postgres.stop());
  return { ownerUrl: postgres.ownerUrl, appUrl: postgres.appUrl, appRole: 'tollgate_app' };
}

function stopSignal(): Promise<void> {
  if (stopping.signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    stopping.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}

/** Says in one line what keeps the gateway from starting, as far as it can be known. */
function refuse(error: unknown, config: Config, logger: Logger): void {
  process.exitCode = 1;
  const { code, port, message } = error as { code?: string; port?: number; message?: string };
  if (code === 'EADDRINUSE') {
    const variable = port === config.sandboxPort ? 'SANDBOX_PORT' : 'PORT';
    say(
      2,
      `${variable}: ${port} is in use; stop what listens there, or give ${variable}=0 to pick a free port.\n`,
    );
  } else if (
    code === 'ECONNREFUSED' ||
    code === 'ENOTFOUND' ||
    code?.startsWith('28') ||
    code === '3D000'
  ) {
    say(2, `DATABASE_URL: the database cannot be reached: ${message}\n`);
  } else {
    logger.error({ err: error }, 'the gateway could not start');
  }
}

function say(stream: 1 | 2, text: string): void {
  writeSync(stream, text);
}
