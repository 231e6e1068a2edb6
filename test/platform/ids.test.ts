import { version } from 'uuid';
import { describe, expect, it } from 'vitest';
import { isId, newId } from '../../src/platform/ids.ts';

describe('new ids', () => {
  it('are UUIDs of version 7, of now, each larger than the one before', () => {
    const before = Date.now();
    const ids = Array.from({ length: 10_000 }, newId);
    const after = Date.now();

    expect(ids.every((id) => isId(id) && version(id) === 7)).toBe(true);
    expect([...new Set(ids)].sort()).toEqual(ids);
    const made = ids.map((id) => Number.parseInt(id.replace('-', '').slice(0, 12), 16));
    expect(Math.min(...made)).toBeGreaterThanOrEqual(before);
    expect(Math.max(...made)).toBeLessThanOrEqual(after + 1);
  });

  it('share no random end, also where the bytes for them are asked for again', () => {
    const ends = Array.from({ length: 1_000 }, () => newId().slice(-10));

    expect(new Set(ends).size).toBe(ends.length);
  });
});
