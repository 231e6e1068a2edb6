import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson } from '../../src/config/json-reader.ts';
import { mistakesOfText } from './support.ts';

/** Texts that are not JSON, and where and why. */
// biome-ignore format: a table is read by its rows.
const BROKEN: readonly [text: string, line: string][] = [
  ['', 'line 1, column 1: expected a value but found the end of the file.'],
  ['{', 'line 1, column 2: expected a key in double quotes but found the end of the file.'],
  ['{\n  "a": 1,\n}', 'line 3, column 1: expected a key in double quotes but found "}"; is there a comma too many before it?'],
  ['{\n  "a": 1\n  "b": 2\n}', 'line 3, column 3: expected "," or "}" but found a text; is there a comma missing before it?'],
  ['[1, 2', 'line 1, column 6: expected "," or "]" but found the end of the file.'],
  ['{ "a" 1 }', 'line 1, column 7: expected ":" after the key but found "1".'],
  ["{ 'a': 1 }", `line 1, column 3: expected a key in double quotes but found "'"; use double quotes.`],
  ['{\n  // plans\n}', 'line 2, column 3: expected a key in double quotes but found "/"; JSON has no comments.'],
  ['{ "a": "x\n" }', 'line 1, column 8: the text is not closed; end it with a double quote on its line.'],
  ['{ "a": "\\q" }', 'line 1, column 8: "\\q" has an escape or control character that JSON does not know.'],
  ['{ "a": True }', 'line 1, column 8: expected a value but found "True".'],
  ['{} {}', 'line 1, column 4: expected the end of the file but found "{".'],
  ['{ "a": 01 }', 'line 1, column 9: expected "," or "}" but found "1".'],
  ['{ "a": 1,\n  "a": 2 }', 'line 2, column 3: the key "a" is given twice in one object; keep one.'],
  ['{ "a": 29.9900000000000000001 }', 'line 1, column 8: 29.9900000000000000001 cannot be read exactly; give at most 15 digits.'],
  ['{ "a": 1e999 }', 'line 1, column 8: 1e999 cannot be read exactly; give at most 15 digits.'],
  ['['.repeat(51), 'line 1, column 51: is nested more than 50 levels deep.'],
];

describe('JSON', () => {
  it.each(BROKEN)('is refused when it is %j', (text, line) => {
    expect(mistakesOfText(text)).toEqual([`config.json, ${line}`]);
  });

  it('means what JSON.parse says it means', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        fc.integer({ min: 0, max: 3 }),
        (value, indent) => {
          const text = JSON.stringify(value, null, indent);

          expect(readJson(text)).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  it('is refused with a place and never breaks, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:0e.-\\tn \n') }), (text) => {
        try {
          readJson(text);
        } catch (error) {
          expect(error).toMatchObject({
            name: 'JsonMistake',
            line: expect.any(Number),
            column: expect.any(Number),
          });
        }
      }),
    );
  });

  it('may begin with a byte order mark', () => {
    expect(readJson('\uFEFF{"a":1}')).toEqual({ a: 1 });
  });
});
