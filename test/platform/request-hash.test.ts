import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestHash } from '../../src/platform/request-hash.ts';

const hex = (input: unknown) => requestHash(input).toString('hex');

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, inner]) => [key, reversed(inner)]));
}

describe('the digest of a request', () => {
  it('does not depend on the order of object keys, however deep', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => hex(value) === hex(reversed(value))));
  });

  it('differs where the input does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const same = JSON.stringify(reversed(reversed(a))) === JSON.stringify(b);
        return same || hex([a, 1]) !== hex([b, 2]);
      }),
    );
    const inputs = [
      [1n, null],
      [1, null],
      [null, 1n],
      [1n, ''],
      [1n, 'null'],
      [1n, {}],
      [1n, []],
      [10n, null],
      [-1n, null],
      [1n],
      [[1n, null]],
      [1n, { a: 1 }],
      [1n, { a: '1' }],
      [1n, { b: 1 }],
      [1n, { a: { a: 1 } }],
    ];
    expect(new Set(inputs.map(hex)).size).toBe(inputs.length);
  });

  it('keeps the order of lists', () => expect(hex([1, 2])).not.toBe(hex([2, 1])));

  it('takes instants by their value', () => {
    expect(hex(new Date('2026-01-01T00:00:00Z'))).toBe(hex(new Date('2026-01-01T01:00:00+01:00')));
  });
});
