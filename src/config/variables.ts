import type { Environment } from './environment-reader.ts';
import { nearest } from './suggestion.ts';

const VARIABLES = [
  'PORT',
  'HOST',
  'DATABASE_URL',
  'STATEMENT_TIMEOUT_MS',
  'RECONCILE',
  'DATA_DIR',
  'CATALOGUE',
  'ADMIN_KEY',
  'TOKEN_SECRET',
  'STRIPE_SECRET_KEY',
  'STRIPE_PUBLISHABLE_KEY',
  'STRIPE_WEBHOOK_SECRETS',
  'STRIPE_API_BASE',
  'CREEM_API_KEY',
  'CREEM_WEBHOOK_SECRETS',
  'CREEM_API_BASE',
  'SANDBOX_PORT',
  'REDIRECT_ORIGINS',
  'ALLOWED_ORIGINS',
  'TRUSTED_PROXIES',
  'RATE_LIMIT_PER_KEY',
  'RATE_LIMIT_PER_ADDRESS',
  'RATE_LIMIT_WRONG_KEYS',
  'SOCKETS_PER_KEY',
  'SOCKETS_PER_ADDRESS',
  'METRICS_TOKEN',
  'REDIS_URL',
  'LOG_LEVEL',
  'NODE_ENV',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
];
const IN_FILES = [
  'DATABASE_URL',
  'ADMIN_KEY',
  'TOKEN_SECRET',
  'STRIPE_SECRET_KEY',
  'STRIPE_WEBHOOK_SECRETS',
  'CREEM_API_KEY',
  'CREEM_WEBHOOK_SECRETS',
  'REDIS_URL',
  'METRICS_TOKEN',
].map((name) => `${name}_FILE`);
const KNOWN = [...VARIABLES, ...IN_FILES];

/** Warns of variables that look like settings of the gateway and are none: a mistyped name is silently the default. */
export function warnOfUnknownVariables(environment: Environment): string[] {
  return Object.keys(environment).flatMap((name) => {
    const own = name.startsWith('TOLLGATE_') ? name.slice('TOLLGATE_'.length) : name;
    const isOurs = own !== name || /^(STRIPE|CREEM|SANDBOX|REDIRECT|RATE_LIMIT)_/.test(name);
    if (!isOurs || KNOWN.includes(name)) return [];
    const candidate = nearest(own, KNOWN);
    if (candidate !== null) return [`${name}: is not a setting; did you mean ${candidate}?`];
    return own === name ? [] : [`${name}: is not a setting; it has no effect.`];
  });
}
