import type { EnvironmentReader } from './environment-reader.ts';

/** Where a browser may be sent back to. */
export interface RedirectOrigins {
  /** Exact origins, as `URL.origin` writes them. */
  readonly origins: readonly string[];
  /** Any http origin on localhost, 127.0.0.1 or [::1], on any port. */
  readonly allowLoopback: boolean;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const EXAMPLE = 'https://app.example.com';

/** Reads REDIRECT_ORIGINS; when it is empty, loopback origins are allowed in sandbox mode. */
export function readRedirectOrigins(
  reader: EnvironmentReader,
  isSandbox: boolean,
): RedirectOrigins {
  const isGiven = reader.list('REDIRECT_ORIGINS').length > 0;
  const origins = readOrigins(reader, 'REDIRECT_ORIGINS');
  return { origins, allowLoopback: isSandbox && !isGiven };
}

/** Reads a list of origins, each once and as `URL.origin` writes it. */
export function readOrigins(reader: EnvironmentReader, name: string): readonly string[] {
  const origins = reader.list(name).flatMap((entry) => {
    const problem = originProblem(entry);
    if (problem === null) return [new URL(entry).origin];
    reader.refuse(name, `${shown(entry)} ${problem}`);
    return [];
  });
  return [...new Set(origins)];
}

/** Reads the base URL of a provider's API: an origin, without a path; null when it is not given. */
export function readApiBase(reader: EnvironmentReader, name: string): string | null {
  const given = reader.text(name);
  if (given === null) return null;
  const problem = originProblem(given);
  if (problem === null) return new URL(given).origin;
  reader.refuse(name, `${shown(given)} ${problem}`);
  return null;
}

/** Reads an http or https address; null when it is not given. */
export function readHttpUrl(reader: EnvironmentReader, name: string, example: string) {
  const given = reader.text(name);
  if (given === null || isHttp(given)) return given;
  const remedy = `give one such as ${example}`;
  reader.refuse(name, `${shown(given)} is not an http or https address; ${remedy}.`);
  return null;
}

function originProblem(entry: string): string | null {
  if (entry.includes('*')) return 'has a wildcard; give each origin in full.';
  if (!isHttp(entry)) return `is not an origin; give one such as ${EXAMPLE}.`;
  const url = new URL(entry);
  if (url.username !== '' || url.password !== '') return 'has a user in it; leave it out.';
  if (`${url.origin}/` !== url.href || /[?#]/.test(entry)) {
    return `is more than an origin; give ${url.origin}.`;
  }
  if (url.protocol === 'http:' && !LOOPBACK.includes(url.hostname)) {
    return `is not encrypted; give https://${url.host}. Only localhost may be http.`;
  }
  return null;
}

/** What stands before an "@" may be a password. */
function shown(address: string): string {
  return JSON.stringify(address.replace(/^.*@/, '…@'));
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}
