import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { configWith, mistakesOf, projectFolder, shippedText, smallCatalogue } from './support.ts';

type Variables = Record<string, string>;

const STRIPE = { STRIPE_SECRET_KEY: 'sk_test_abc', STRIPE_WEBHOOK_SECRETS: 'whsec_one' };
const CREEM = { CREEM_API_KEY: 'creem_test_abc', CREEM_WEBHOOK_SECRETS: 'whsec_two' };
const LIVE = { ...STRIPE, STRIPE_SECRET_KEY: 'sk_live_abc' };
const SECRET = 'hunter2';

/** Variables, and the one line that they are refused with. */
// biome-ignore format: a table is read by its rows.
const WRONG: readonly [variables: Variables, line: string][] = [
  [{ TOKEN_SECRET: 'short' }, 'TOKEN_SECRET: has 5 characters; give at least 32, made at random.'],
  [{ PORT: 'abc' }, 'PORT: "abc" is not a port; give a number from 0 to 65535.'],
  [{ PORT: '65536' }, 'PORT: "65536" is not a port; give a number from 0 to 65535.'],
  [{ PORT: '-1' }, 'PORT: "-1" is not a port; give a number from 0 to 65535.'],
  [{ PORT: '4000.5' }, 'PORT: "4000.5" is not a port; give a number from 0 to 65535.'],
  [{ SANDBOX_PORT: '4e3' }, 'SANDBOX_PORT: "4e3" is not a port; give a number from 0 to 65535.'],
  [{ PORT: '4001' }, 'SANDBOX_PORT: 4001 is the gateway\'s own port; give another, or 0.'],
  [{ HOST: 'http://localhost' }, 'HOST: "http://localhost" is not a host; give one without scheme and port, such as 127.0.0.1 or 0.0.0.0.'],
  [{ HOST: 'localhost:4000' }, 'HOST: "localhost:4000" is not a host; give one without scheme and port, such as 127.0.0.1 or 0.0.0.0.'],
  [{ NODE_ENV: 'prodution' }, 'NODE_ENV: "prodution" is not known; did you mean "production"?'],
  [{ NODE_ENV: 'staging' }, 'NODE_ENV: "staging" is not known; give one of development, test, production.'],
  [{ NODE_ENV: 'production' }, 'NODE_ENV: production does not run on the sandbox; give STRIPE_SECRET_KEY or CREEM_API_KEY, or another NODE_ENV.'],
  [{ LOG_LEVEL: 'INFO' }, 'LOG_LEVEL: "INFO" is not known; did you mean "info"?'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL: "loud" is not known; give one of fatal, error, warn, info, debug, trace, silent.'],
  [{ DATABASE_URL: `mysql://root:${SECRET}@db/tollgate` }, 'DATABASE_URL: is not a postgres:// or postgresql:// URL; give one such as postgres://user:password@localhost:5432/tollgate.'],
  [{ DATABASE_URL: 'localhost' }, 'DATABASE_URL: is not a postgres:// or postgresql:// URL; give one such as postgres://user:password@localhost:5432/tollgate.'],
  [{ REDIS_URL: `http://:${SECRET}@redis` }, 'REDIS_URL: is not a redis:// or rediss:// URL; give one such as redis://localhost:6379.'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc://otel' }, 'OTEL_EXPORTER_OTLP_ENDPOINT: "grpc://otel" is not an http or https address; give one such as http://localhost:4318.'],
  [{ ADMIN_KEY: SECRET }, 'ADMIN_KEY: has 7 characters; give at least 32, made at random.'],
  [{ ADMIN_KEY: `${SECRET} ${'x'.repeat(32)}` }, 'ADMIN_KEY: has white space or signs that a header cannot carry; give letters, digits and signs of ASCII.'],
  [{ METRICS_TOKEN: `${SECRET} x` }, 'METRICS_TOKEN: has white space or signs that a header cannot carry; give letters, digits and signs of ASCII.'],
  [{ ADMIN_KEY: 'x'.repeat(32), ADMIN_KEY_FILE: 'key' }, 'ADMIN_KEY: is given together with ADMIN_KEY_FILE; give one of them.'],
  [{ ADMIN_KEY_FILE: 'no-such-file' }, 'ADMIN_KEY_FILE: the file no-such-file does not exist.'],
  [{ ADMIN_KEY_FILE: 'src' }, 'ADMIN_KEY_FILE: the file src is a folder.'],
  [{ ...STRIPE, STRIPE_SECRET_KEY: `pk_test_${SECRET}` }, 'STRIPE_SECRET_KEY: is not a secret key of Stripe; give one that begins with sk_test_, sk_live_, rk_test_ or rk_live_.'],
  [{ STRIPE_SECRET_KEY: 'sk_test_abc' }, 'STRIPE_WEBHOOK_SECRETS: is empty while STRIPE_SECRET_KEY is given: webhooks could not be verified; give the signing secret of the webhook endpoint.'],
  [{ ...STRIPE, STRIPE_WEBHOOK_SECRETS: ' , ' }, 'STRIPE_WEBHOOK_SECRETS: is empty while STRIPE_SECRET_KEY is given: webhooks could not be verified; give the signing secret of the webhook endpoint.'],
  [{ ...STRIPE, STRIPE_PUBLISHABLE_KEY: 'pk_live_abc' }, 'STRIPE_PUBLISHABLE_KEY: is a live key, but STRIPE_SECRET_KEY is a test one; give both of the same mode.'],
  [{ ...STRIPE, STRIPE_PUBLISHABLE_KEY: `sk_test_${SECRET}` }, 'STRIPE_PUBLISHABLE_KEY: is not a publishable key of Stripe; give one that begins with pk_test_ or pk_live_.'],
  [{ ...STRIPE, STRIPE_API_BASE: 'http://stripe.example' }, 'STRIPE_API_BASE: "http://stripe.example" is not encrypted; give https://stripe.example. Only localhost may be http.'],
  [{ ...STRIPE, STRIPE_API_BASE: 'https://stripe.example/v1' }, 'STRIPE_API_BASE: "https://stripe.example/v1" is more than an origin; give https://stripe.example.'],
  [{ ...CREEM, CREEM_API_KEY: SECRET }, 'CREEM_API_KEY: is not a key of Creem; give one that begins with creem_ or creem_test_.'],
  [{ CREEM_API_KEY: 'creem_test_abc' }, 'CREEM_WEBHOOK_SECRETS: is empty while CREEM_API_KEY is given: webhooks could not be verified; give the signing secret of the webhook endpoint.'],
  [{ ...LIVE, ...CREEM }, 'CREEM_API_KEY: is a test key, but STRIPE_SECRET_KEY is a live one; give both of the same mode.'],
  [{ ...STRIPE, ...CREEM, CREEM_API_KEY: 'creem_abc', NODE_ENV: 'production' }, 'CREEM_API_KEY: is a live key, but STRIPE_SECRET_KEY is a test one; give both of the same mode.'],
  [{ ...LIVE, STRIPE_PUBLISHABLE_KEY: 'pk_test_abc' }, 'STRIPE_PUBLISHABLE_KEY: is a test key, but STRIPE_SECRET_KEY is a live one; give both of the same mode.'],
  [{ REDIRECT_ORIGINS: 'http://app.example' }, 'REDIRECT_ORIGINS: "http://app.example" is not encrypted; give https://app.example. Only localhost may be http.'],
  [{ REDIRECT_ORIGINS: 'https://*.example' }, 'REDIRECT_ORIGINS: "https://*.example" has a wildcard; give each origin in full.'],
  [{ REDIRECT_ORIGINS: '*' }, 'REDIRECT_ORIGINS: "*" has a wildcard; give each origin in full.'],
  [{ REDIRECT_ORIGINS: 'https://app.example/done' }, 'REDIRECT_ORIGINS: "https://app.example/done" is more than an origin; give https://app.example.'],
  [{ REDIRECT_ORIGINS: 'https://app.example?' }, 'REDIRECT_ORIGINS: "https://app.example?" is more than an origin; give https://app.example.'],
  [{ REDIRECT_ORIGINS: `https://me:${SECRET}@app.example` }, 'REDIRECT_ORIGINS: "…@app.example" has a user in it; leave it out.'],
  [{ REDIRECT_ORIGINS: 'app.example' }, 'REDIRECT_ORIGINS: "app.example" is not an origin; give one such as https://app.example.com.'],
  [{ REDIRECT_ORIGINS: 'javascript:alert(1)' }, 'REDIRECT_ORIGINS: "javascript:alert(1)" is not an origin; give one such as https://app.example.com.'],
  [{ REDIRECT_ORIGINS: 'http://localhost.evil.example' }, 'REDIRECT_ORIGINS: "http://localhost.evil.example" is not encrypted; give https://localhost.evil.example. Only localhost may be http.'],
  [{ ALLOWED_ORIGINS: 'https://app.example,*' }, 'ALLOWED_ORIGINS: "*" has a wildcard; give each origin in full.'],
  [{ TRUSTED_PROXIES: '10.0.0.0/33' }, 'TRUSTED_PROXIES: "10.0.0.0/33" is no address; give one such as 10.0.0.5 or 10.0.0.0/8.'],
  [{ TRUSTED_PROXIES: 'balancer' }, 'TRUSTED_PROXIES: "balancer" is no address; give one such as 10.0.0.5 or 10.0.0.0/8.'],
  [{ RATE_LIMIT_PER_KEY: '-1' }, 'RATE_LIMIT_PER_KEY: "-1" is not a count; give a number, or 0 for no limit.'],
  [{ SOCKETS_PER_KEY: 'many' }, 'SOCKETS_PER_KEY: "many" is not a count; give a number, or 0 for no limit.'],
  [{ CATALOGUE: 'no-such.json' }, 'CATALOGUE: the file no-such.json does not exist; give the path of the catalogue file.'],
  [{ CATALOGUE: 'src' }, 'CATALOGUE: the file src is a folder; give the path of the catalogue file.'],
];

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-config-'));
  writeFileSync(join(folder, 'config.json'), shippedText());
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('wrong settings', () => {
  it.each(WRONG)('are refused: %j', (variables, line) => {
    const mistakes = mistakesOf(() => configWith(variables));

    expect(mistakes).toEqual([line]);
    expect(mistakes.join()).not.toContain(SECRET);
  });

  it('are told all at once, those of the catalogue too', () => {
    writeFileSync(
      join(folder, 'wrong.json'),
      JSON.stringify({ ...smallCatalogue(), currency: 'x' }),
    );
    const variables = { PORT: 'abc', LOG_LEVEL: 'loud', CATALOGUE: 'wrong.json' };

    expect(mistakesOf(() => loadConfig(variables, folder))).toEqual([
      'PORT: "abc" is not a port; give a number from 0 to 65535.',
      'LOG_LEVEL: "loud" is not known; give one of fatal, error, warn, info, debug, trace, silent.',
      'wrong.json: currency: "x" is not a currency; give an ISO 4217 code in upper case, such as "USD".',
    ]);
  });

  it('include an empty secret file', () => {
    writeFileSync(join(folder, 'empty'), '\n');

    expect(mistakesOf(() => loadConfig({ ADMIN_KEY_FILE: 'empty' }, folder))).toEqual([
      'ADMIN_KEY_FILE: the file empty is empty; put the secret in it.',
    ]);
  });
});

describe('settings', () => {
  it('all have a default', () => {
    const { catalogue, ...settings } = configWith({});

    expect(catalogue.currency).toBe('USD');
    expect(settings).toEqual({
      host: '127.0.0.1',
      port: 4000,
      nodeEnv: 'development',
      logLevel: 'info',
      dataDir: join(projectFolder, '.tollgate'),
      database: { url: null, statementTimeoutMs: 5_000 },
      adminKey: null,
      tokenSecret: null,
      stripe: { kind: 'sandbox', webhookSecrets: [] },
      creem: { kind: 'sandbox', webhookSecrets: [] },
      isSandbox: true,
      reconciles: true,
      sandboxPort: 4001,
      redirectOrigins: { origins: [], allowLoopback: true },
      doors: {
        allowedOrigins: [],
        trustedProxies: [],
        rates: { perKey: 1_200_000, perAddress: 6_000, failuresPerAddress: 120 },
        sockets: { perKey: 20_000, perAddress: 20_000 },
      },
      redisUrl: null,
      metricsToken: null,
      otelEndpoint: null,
      warnings: [],
    });
  });

  it('take a time for statements, in milliseconds', () => {
    const of = (given: string) => configWith({ STATEMENT_TIMEOUT_MS: given }).database;

    expect(of('250').statementTimeoutMs).toBe(250);
    expect(mistakesOf(() => of('5s'))).toEqual([
      'STATEMENT_TIMEOUT_MS: "5s" is not a time in milliseconds; give a number from 100 to 600000.',
    ]);
    expect(mistakesOf(() => of('99'))).toHaveLength(1);
  });

  it('treat a blank variable as one that is not given', () => {
    const blank = { PORT: '', HOST: ' ', STRIPE_SECRET_KEY: '', ADMIN_KEY_FILE: '' };

    expect(configWith(blank)).toEqual(configWith({}));
  });

  it('are frozen through and through', () => {
    const config = configWith({});

    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.database)).toBe(true);
    expect(Object.isFrozen(config.catalogue.plans[0]?.limits[0]?.allowance)).toBe(true);
  });

  it('take free ports', () => {
    expect(configWith({ PORT: '0', SANDBOX_PORT: '0' })).toMatchObject({ port: 0, sandboxPort: 0 });
  });

  it.each(['127.0.0.1', '0.0.0.0', '::', '::1', 'gateway.internal'])('listen on %s', (HOST) => {
    expect(configWith({ HOST }).host).toBe(HOST);
  });

  it('resolve paths from the working folder', () => {
    const config = loadConfig({ DATA_DIR: 'data' }, folder);

    expect(config.dataDir).toBe(join(folder, 'data'));
  });

  it('take a secret from a file, without its last line break', () => {
    writeFileSync(join(folder, 'key'), 'sk_test_from_file\n');
    writeFileSync(join(folder, 'hooks'), 'whsec_one\nwhsec_two\n');
    const variables = { STRIPE_SECRET_KEY_FILE: 'key', STRIPE_WEBHOOK_SECRETS_FILE: 'hooks' };

    expect(loadConfig(variables, folder).stripe).toMatchObject({
      secretKey: 'sk_test_from_file',
      webhookSecrets: ['whsec_one', 'whsec_two'],
    });
  });

  it('take origins as a browser writes them, each once', () => {
    const REDIRECT_ORIGINS = 'https://App.Example/, https://app.example:443,http://localhost:3000';

    expect(configWith({ REDIRECT_ORIGINS }).redirectOrigins).toEqual({
      origins: ['https://app.example', 'http://localhost:3000'],
      allowLoopback: false,
    });
  });
});

describe('providers', () => {
  it('are live with a key, and in the mode of that key', () => {
    const config = configWith({
      ...STRIPE,
      ...CREEM,
      STRIPE_PUBLISHABLE_KEY: 'pk_test_abc',
      STRIPE_WEBHOOK_SECRETS: 'whsec_new, whsec_old',
      STRIPE_API_BASE: 'http://127.0.0.1:12111/',
    });

    expect(config.stripe).toEqual({
      kind: 'live',
      mode: 'test',
      secretKey: 'sk_test_abc',
      publishableKey: 'pk_test_abc',
      webhookSecrets: ['whsec_new', 'whsec_old'],
      apiBase: 'http://127.0.0.1:12111',
    });
    expect(config.creem).toEqual({
      kind: 'live',
      mode: 'test',
      apiKey: 'creem_test_abc',
      webhookSecrets: ['whsec_two'],
      apiBase: null,
    });
    expect(config.isSandbox).toBe(false);
  });

  it('sign in the sandbox with the webhook secrets that are given', () => {
    const { stripe } = configWith({ STRIPE_WEBHOOK_SECRETS: 'whsec_mine' });

    expect(stripe).toEqual({ kind: 'sandbox', webhookSecrets: ['whsec_mine'] });
  });

  it('are played by the sandbox beside a test key', () => {
    expect(configWith(STRIPE).creem).toEqual({ kind: 'sandbox', webhookSecrets: [] });
  });

  it.each([
    ['a live key', LIVE],
    ['production', { ...STRIPE, NODE_ENV: 'production' }],
  ])('are never played by the sandbox beside %s', (_, variables) => {
    expect(configWith(variables).creem).toEqual({ kind: 'off' });
  });

  it('allow loopback redirects in sandbox mode only', () => {
    expect(configWith(LIVE).redirectOrigins).toEqual({ origins: [], allowLoopback: false });
  });
});

describe('warnings', () => {
  it.each<[Variables, string]>([
    [{ TOLLGATE_PORT: '1' }, 'TOLLGATE_PORT: is not a setting; did you mean PORT?'],
    [{ TOLLGATE_SPEED: '9' }, 'TOLLGATE_SPEED: is not a setting; it has no effect.'],
    [
      { STRIPE_WEBHOOK_SECRET: 'x' },
      'STRIPE_WEBHOOK_SECRET: is not a setting; did you mean STRIPE_WEBHOOK_SECRETS?',
    ],
    [
      { STRIPE_API_BASE: 'http://localhost:1' },
      'STRIPE_API_BASE: has no effect without STRIPE_SECRET_KEY.',
    ],
    [
      { ...STRIPE, NODE_ENV: 'production', REDIRECT_ORIGINS: 'https://app.example' },
      'STRIPE_SECRET_KEY: is a test key: in this production no money moves.',
    ],
    [LIVE, 'REDIRECT_ORIGINS: is empty; no success, cancel or return URL will be accepted.'],
  ])('tell of %j', (variables, line) => {
    expect(configWith(variables).warnings).toEqual([line]);
  });

  it('do not tell of what belongs to other programs', () => {
    expect(configWith({ STRIPE_CLI_TELEMETRY_OPTOUT: '1', PATH: '/bin' }).warnings).toEqual([]);
  });
});
