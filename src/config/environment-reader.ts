import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Mistakes } from './mistakes.ts';
import { nearest } from './suggestion.ts';

/** Environment variables, as the process was given them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads variables one by one; what is wrong with them is gathered in `mistakes`. Blank is the same as not given. */
export class EnvironmentReader {
  readonly cwd: string;
  readonly #environment: Environment;
  readonly #mistakes: Mistakes;

  constructor(environment: Environment, cwd: string, mistakes: Mistakes) {
    this.#environment = environment;
    this.cwd = cwd;
    this.#mistakes = mistakes;
  }

  text(name: string): string | null {
    return this.#environment[name]?.trim() || null;
  }

  /** A secret given as `NAME`, or in the file that `NAME_FILE` names. Mistakes never show it. */
  secret(name: string): string | null {
    const given = this.text(name);
    const path = this.text(`${name}_FILE`);
    if (path === null) return given;
    if (given !== null) {
      this.refuse(name, `is given together with ${name}_FILE; give one of them.`);
      return null;
    }
    return this.#readSecretFile(`${name}_FILE`, path);
  }

  /** Several secrets, separated by commas or white space. */
  secrets(name: string): readonly string[] {
    return separated(this.secret(name) ?? '', /[\s,]+/);
  }

  list(name: string): readonly string[] {
    return separated(this.text(name) ?? '', /,/);
  }

  port(name: string, fallback: number): number {
    const given = this.text(name);
    if (given === null) return fallback;
    if (/^\d{1,5}$/.test(given) && Number(given) <= 65_535) return Number(given);
    this.refuse(name, `${JSON.stringify(given)} is not a port; give a number from 0 to 65535.`);
    return fallback;
  }

  milliseconds(name: string, fallback: number, [least, most]: readonly [number, number]): number {
    const given = this.text(name);
    if (given === null) return fallback;
    const ms = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN;
    if (ms >= least && ms <= most) return ms;
    const remedy = `give a number from ${least} to ${most}`;
    this.refuse(name, `${JSON.stringify(given)} is not a time in milliseconds; ${remedy}.`);
    return fallback;
  }

  /** How many of something; 0 means no limit. */
  count(name: string, fallback: number): number {
    const given = this.text(name);
    if (given === null) return fallback;
    if (/^\d{1,9}$/.test(given)) return Number(given);
    this.refuse(name, `${JSON.stringify(given)} is not a count; give a number, or 0 for no limit.`);
    return fallback;
  }

  choice<Choice extends string>(
    name: string,
    choices: readonly Choice[],
    fallback: Choice,
  ): Choice {
    const given = this.text(name);
    if (given === null) return fallback;
    const found = choices.find((choice) => choice === given);
    if (found !== undefined) return found;
    const candidate = nearest(given, choices);
    const remedy =
      candidate === null ? `give one of ${choices.join(', ')}.` : `did you mean "${candidate}"?`;
    this.refuse(name, `${JSON.stringify(given)} is not known; ${remedy}`);
    return fallback;
  }

  /** A URL of one of the `schemes`. It may hold a password, so mistakes do not show it. */
  secretUrl(name: string, schemes: readonly string[], example: string): string | null {
    const given = this.secret(name);
    if (given === null) return null;
    const url = URL.canParse(given) ? new URL(given) : null;
    if (url !== null && schemes.includes(url.protocol)) return given;
    const sort = schemes.map((scheme) => `${scheme}//`).join(' or ');
    this.refuse(name, `is not a ${sort} URL; give one such as ${example}.`);
    return null;
  }

  refuse(name: string, problem: string): void {
    this.#mistakes.add(name, problem);
  }

  #readSecretFile(variable: string, path: string): string | null {
    try {
      const content = readFileSync(resolve(this.cwd, path), 'utf8').trim();
      if (content !== '') return content;
      this.refuse(variable, `the file ${path} is empty; put the secret in it.`);
    } catch (error) {
      this.refuse(variable, `the file ${path} ${unreadable(error)}.`);
    }
    return null;
  }
}

/** Why a file could not be read, as the end of a sentence. */
export function unreadable(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user';
  if (code === 'EISDIR') return 'is a folder';
  return `cannot be read (${code ?? String(error)})`;
}

function separated(text: string, separator: RegExp): readonly string[] {
  const items = text.split(separator).map((item) => item.trim());
  return [...new Set(items.filter((item) => item !== ''))];
}
