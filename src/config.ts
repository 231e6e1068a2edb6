import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { readCatalogue } from './config/catalogue-file.ts';
import { type DoorSettings, readDoors } from './config/door-settings.ts';
import { type Environment, EnvironmentReader, unreadable } from './config/environment-reader.ts';
import { Mistakes } from './config/mistakes.ts';
import { type RedirectOrigins, readHttpUrl, readRedirectOrigins } from './config/origins.ts';
import {
  type CreemSettings,
  type ProviderSettings,
  readProviders,
  type StripeSettings,
} from './config/provider-settings.ts';
import { warnOfUnknownVariables } from './config/variables.ts';
import type { Catalogue } from './features/catalog/catalog.model.ts';
import { invariant } from './platform/assert.ts';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const NODE_ENVS = ['development', 'test', 'production'] as const;

/** Everything that the process was told at its start. Frozen through and through. */
export interface Config {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly nodeEnv: (typeof NODE_ENVS)[number];
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** Absolute. */
  readonly dataDir: string;
  /** `url` null: the embedded PostgreSQL. */
  readonly database: {
    readonly url: string | null;
    /** After how long a statement that somebody waits for is cut off. */
    readonly statementTimeoutMs: number;
  };
  /** Null: one is made at the first start. */
  readonly adminKey: string | null;
  /** The half of clients' signing keys that is not in the database; null: none. */
  readonly tokenSecret: string | null;
  readonly stripe: StripeSettings;
  readonly creem: CreemSettings;
  /** Sandbox mode: no provider is live. */
  readonly isSandbox: boolean;
  /** Where the sandbox listens when it plays a provider; 0: a free port. */
  readonly sandboxPort: number;
  /** Whether what no webhook told is looked up every minute. */
  readonly reconciles: boolean;
  readonly redirectOrigins: RedirectOrigins;
  readonly doors: DoorSettings;
  /** Carries pushes between processes; null: PostgreSQL does. */
  readonly redisUrl: string | null;
  /** Who has it may read the metrics; null: this machine only. */
  readonly metricsToken: string | null;
  readonly otelEndpoint: string | null;
  readonly catalogue: Catalogue;
  /** What is odd but does not keep the gateway from starting, one line each. */
  readonly warnings: readonly string[];
}

/**
 * Reads the environment and the catalogue file that it names; relative paths begin at `cwd`.
 * Throws ConfigError with one line for each mistake, all of them at once.
 */
export function loadConfig(
  environment: Environment = process.env,
  cwd: string = process.cwd(),
): Config {
  const mistakes = new Mistakes();
  const reader = new EnvironmentReader(environment, cwd, mistakes);
  const warnings = warnOfUnknownVariables(environment);
  const nodeEnv = reader.choice('NODE_ENV', NODE_ENVS, 'development');
  const providers = readProviders(reader, nodeEnv === 'production', warnings);
  const isSandbox = providers.stripe.kind !== 'live' && providers.creem.kind !== 'live';
  const settings = {
    host: readHost(reader),
    ...readPorts(reader, providers),
    nodeEnv,
    logLevel: reader.choice('LOG_LEVEL', LOG_LEVELS, 'info'),
    dataDir: resolve(cwd, reader.text('DATA_DIR') ?? '.tollgate'),
    database: { url: readDatabaseUrl(reader), statementTimeoutMs: readStatementTimeout(reader) },
    adminKey: readKey(reader, 'ADMIN_KEY'),
    tokenSecret: readKey(reader, 'TOKEN_SECRET'),
    ...providers,
    isSandbox,
    reconciles: reader.choice('RECONCILE', ['on', 'off'], 'on') === 'on',
    redirectOrigins: readRedirectOrigins(reader, isSandbox),
    doors: readDoors(reader),
    redisUrl: reader.secretUrl('REDIS_URL', ['redis:', 'rediss:'], 'redis://localhost:6379'),
    metricsToken: readToken(reader, 'METRICS_TOKEN'),
    otelEndpoint: readHttpUrl(reader, 'OTEL_EXPORTER_OTLP_ENDPOINT', 'http://localhost:4318'),
  };
  if (!isSandbox && settings.redirectOrigins.origins.length === 0) {
    warnings.push('REDIRECT_ORIGINS: is empty; no success, cancel or return URL will be accepted.');
  }
  const catalogue = loadCatalogue(reader, mistakes);
  mistakes.refuseIfAny();
  invariant(catalogue !== null, 'a catalogue without mistakes was read');
  return deepFreeze({ ...settings, catalogue, warnings });
}

function readHost(reader: EnvironmentReader): string {
  const host = reader.text('HOST') ?? '127.0.0.1';
  if (isIP(host) === 0 && !/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(host)) {
    const remedy = 'give one without scheme and port, such as 127.0.0.1 or 0.0.0.0';
    reader.refuse('HOST', `${JSON.stringify(host)} is not a host; ${remedy}.`);
  }
  return host;
}

function readPorts(reader: EnvironmentReader, { stripe, creem }: ProviderSettings) {
  const port = reader.port('PORT', 4000);
  const sandboxPort = reader.port('SANDBOX_PORT', 4001);
  const needsSandbox = stripe.kind === 'sandbox' || creem.kind === 'sandbox';
  if (needsSandbox && port !== 0 && port === sandboxPort) {
    reader.refuse('SANDBOX_PORT', `${port} is the gateway's own port; give another, or 0.`);
  }
  return { port, sandboxPort };
}

function readDatabaseUrl(reader: EnvironmentReader): string | null {
  const schemes = ['postgres:', 'postgresql:'];
  return reader.secretUrl(
    'DATABASE_URL',
    schemes,
    'postgres://user:password@localhost:5432/tollgate',
  );
}

/** Less would cut off what is only waiting for its turn; more is no answer to anybody. */
const STATEMENT_TIMEOUTS = [100, 600_000] as const;

function readStatementTimeout(reader: EnvironmentReader): number {
  return reader.milliseconds('STATEMENT_TIMEOUT_MS', 5_000, STATEMENT_TIMEOUTS);
}

const SHORTEST_KEY = 32;

function readKey(reader: EnvironmentReader, name: string): string | null {
  const key = readToken(reader, name);
  if (key !== null && key.length < SHORTEST_KEY) {
    const problem = `has ${key.length} characters; give at least ${SHORTEST_KEY}`;
    reader.refuse(name, `${problem}, made at random.`);
  }
  return key;
}

/** A secret that comes as a bearer token. */
function readToken(reader: EnvironmentReader, name: string): string | null {
  const token = reader.secret(name);
  if (token !== null && !/^[\x21-\x7e]+$/.test(token)) {
    const remedy = 'give letters, digits and signs of ASCII';
    reader.refuse(name, `has white space or signs that a header cannot carry; ${remedy}.`);
  }
  return token;
}

function loadCatalogue(reader: EnvironmentReader, mistakes: Mistakes): Catalogue | null {
  const fileName = reader.text('CATALOGUE') ?? 'config.json';
  let text: string;
  try {
    text = readFileSync(resolve(reader.cwd, fileName), 'utf8');
  } catch (error) {
    const remedy = 'give the path of the catalogue file';
    reader.refuse('CATALOGUE', `the file ${fileName} ${unreadable(error)}; ${remedy}.`);
    return null;
  }
  return readCatalogue(text, fileName, mistakes);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
