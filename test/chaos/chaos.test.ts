import { describe, expect, it } from 'vitest';
import { runChaos } from './run.ts';

describe('a small piece of chaos', { timeout: 240_000 }, () => {
  it('loses nothing and doubles nothing; `npm run test:chaos` is the whole of it', async () => {
    const figures = await runChaos({
      seed: 4,
      kills: 3,
      killsInARound: 3,
      minutes: 2,
      say: () => undefined,
    });
    expect(figures.faults).toEqual([]);
    expect(figures.kills.gateway + figures.kills.postgres).toBe(3);
    expect(figures.acknowledged).toBeGreaterThan(20);
  });
});
