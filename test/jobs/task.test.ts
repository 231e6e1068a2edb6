import { describe, expect, it } from 'vitest';
import { idIn } from '../../src/jobs/task.ts';
import { newId } from '../../src/platform/ids.ts';

describe('the payload of a job about one thing', () => {
  it.each([null, undefined, 'text', {}, { id: 7 }, { id: 'not an id' }])('is not %j', (payload) => {
    expect(() => idIn(payload)).toThrow('The job has no id.');
  });

  it('is its id', () => {
    const id = newId();

    expect(idIn({ id })).toBe(id);
  });
});
