import { hash } from 'node:crypto';

/** A digest of a request's input, the same whatever order its object keys stand in. */
export function requestHash(input: unknown): Buffer {
  return hash('sha256', canonical(input), 'buffer');
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return `${inner}n`;
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
