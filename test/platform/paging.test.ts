import { describe, expect, it } from 'vitest';
import {
  NUMBER_POSITION,
  pageOf,
  pageSize,
  readCursor,
  UUID_POSITION,
  writeCursor,
} from '../../src/platform/paging.ts';

const raw = (text: string) => Buffer.from(text).toString('base64url');

describe('a page', () => {
  it('holds twenty items unless it is said otherwise', () => {
    expect([pageSize({}), pageSize({ first: null }), pageSize({ first: 1 })]).toEqual([20, 20, 1]);
    expect(pageSize({ first: 100 })).toBe(100);
  });

  it.each([0, -1, 101, -2_147_483_648])('refuses a size of %d', (first) =>
    expect(() => pageSize({ first })).toThrow('first must be from 1 to 100.'),
  );

  it('knows by the item to spare whether there is another one', () => {
    expect(pageOf([1, 2, 3], 2, true)).toEqual({
      items: [1, 2],
      hasNextPage: true,
      hasPreviousPage: false,
    });
    expect(pageOf([1, 2], 2, false)).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });
});

describe('a cursor', () => {
  it('leads back to the position that it was made of', () => {
    const uuid = '0198f7a2-0000-7000-8000-000000000000';
    expect(readCursor('entry', { after: writeCursor('entry', 42n) }, NUMBER_POSITION)).toBe('42');
    expect(readCursor('grant', { after: writeCursor('grant', uuid) }, UUID_POSITION)).toBe(uuid);
    expect(readCursor('entry', {}, NUMBER_POSITION)).toBeNull();
  });

  it.each([
    ['of another list', writeCursor('grant', 42n)],
    ['of nothing', ''],
    ['of a list whose name begins alike', writeCursor('entry2', 42n)],
    ['without a position', raw('entry:')],
    ['with a position that is no number', raw('entry:4a')],
    ['with a negative position', raw('entry:-4')],
    ['with more than a bigint holds', raw(`entry:${'9'.repeat(19)}`)],
    ['with SQL', raw("entry:1' or 1=1")],
    ['with a line break', raw('entry:1\n')],
    ['that is no base64url at all', '💥 \0'],
  ])('%s is refused', (_what, after) =>
    expect(() => readCursor('entry', { after }, NUMBER_POSITION)).toThrow(
      'after is not a cursor of this list',
    ),
  );
});
