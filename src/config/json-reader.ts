import { parseDecimal } from './decimal.ts';

/** The text is not JSON; `line` and `column` count from 1. */
export class JsonMistake extends Error {
  override readonly name = 'JsonMistake';
  readonly line: number;
  readonly column: number;

  constructor(problem: string, line: number, column: number) {
    super(problem);
    this.line = line;
    this.column = column;
  }
}

/**
 * Reads JSON for people who write it by hand. Beyond `JSON.parse` it says where a mistake is, refuses a key given twice
 * (the first one would silently be lost), and a number with more digits than it can be kept with. Throws JsonMistake.
 */
export function readJson(text: string): unknown {
  return new JsonReader(text).readDocument();
}

const BLANK = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\n]|\\.)*"/y;
const WORD = /[A-Za-z0-9_$.+-]+|\S/uy;
const LITERALS = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
const DEEPEST = 50;

class JsonReader {
  readonly #text: string;
  #offset: number;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#offset = text.startsWith('\uFEFF') ? 1 : 0;
  }

  readDocument(): unknown {
    const value = this.#readValue();
    this.#skipBlank();
    if (this.#offset < this.#text.length) this.#refuse('expected the end of the file');
    return value;
  }

  #readValue(): unknown {
    this.#skipBlank();
    const first = this.#text[this.#offset];
    if (first === '{') return this.#nested(() => this.#readObject());
    if (first === '[') return this.#nested(() => this.#readList());
    if (first === '"') return this.#readString();
    const number = this.#match(NUMBER);
    if (number !== null) return this.#exactNumber(number);
    for (const [word, value] of LITERALS) {
      if (this.#text.startsWith(word, this.#offset)) {
        this.#offset += word.length;
        return value;
      }
    }
    return this.#refuse('expected a value');
  }

  #nested<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > DEEPEST) this.#stop(`is nested more than ${DEEPEST} levels deep.`);
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #readObject(): unknown {
    const entries = new Map<string, unknown>();
    this.#offset += 1;
    if (this.#skip('}')) return {};
    do {
      this.#skipBlank();
      const keyOffset = this.#offset;
      if (this.#text[keyOffset] !== '"') this.#refuse('expected a key in double quotes');
      const key = this.#readString();
      if (entries.has(key)) {
        this.#stop(
          `the key ${JSON.stringify(key)} is given twice in one object; keep one.`,
          keyOffset,
        );
      }
      if (!this.#skip(':')) this.#refuse('expected ":" after the key');
      entries.set(key, this.#readValue());
    } while (this.#skip(','));
    if (!this.#skip('}')) this.#refuse('expected "," or "}"');
    // Unlike an assignment, fromEntries makes an own property of "__proto__" too.
    return Object.fromEntries(entries);
  }

  #readList(): unknown[] {
    const items: unknown[] = [];
    this.#offset += 1;
    if (this.#skip(']')) return items;
    do {
      items.push(this.#readValue());
    } while (this.#skip(','));
    if (!this.#skip(']')) this.#refuse('expected "," or "]"');
    return items;
  }

  #readString(): string {
    const start = this.#offset;
    const literal = this.#match(STRING);
    if (literal === null)
      this.#stop('the text is not closed; end it with a double quote on its line.');
    try {
      return JSON.parse(literal) as string;
    } catch {
      return this.#stop(
        `${literal} has an escape or control character that JSON does not know.`,
        start,
      );
    }
  }

  #exactNumber(literal: string): number {
    const value = Number(literal);
    const written = parseDecimal(literal);
    const kept = parseDecimal(String(value));
    const isExact =
      written !== null &&
      kept !== null &&
      written.units === kept.units &&
      written.fractionDigits === kept.fractionDigits;
    if (!isExact) {
      this.#stop(
        `${literal} cannot be read exactly; give at most 15 digits.`,
        this.#offset - literal.length,
      );
    }
    return value;
  }

  #skipBlank(): void {
    this.#match(BLANK);
  }

  #skip(sign: string): boolean {
    this.#skipBlank();
    if (this.#text[this.#offset] !== sign) return false;
    this.#offset += 1;
    return true;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    if (found !== null) this.#offset += found.length;
    return found;
  }

  #refuse(expected: string): never {
    this.#skipBlank();
    const start = this.#offset;
    const found = this.#match(WORD);
    this.#stop(`${expected} but found ${foundText(found)}${remedy(found)}`, start);
  }

  #stop(problem: string, offset = this.#offset): never {
    const before = this.#text.slice(0, offset).split('\n');
    throw new JsonMistake(problem, before.length, (before.at(-1) ?? '').length + 1);
  }
}

function foundText(found: string | null): string {
  if (found === null) return 'the end of the file';
  const shown = found.length > 30 ? `${found.slice(0, 30)}…` : found;
  return shown === '"' ? 'a text' : `"${shown}"`;
}

function remedy(found: string | null): string {
  if (found === '/' || found === '#') return '; JSON has no comments.';
  if (found === '}' || found === ']') return '; is there a comma too many before it?';
  if (found === '"') return '; is there a comma missing before it?';
  if (found === "'") return '; use double quotes.';
  return '.';
}
