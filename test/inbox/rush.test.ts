import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Rush } from '../../src/inbox/rush.ts';

describe('a rush', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is never one alone, nor a few', async () => {
    const rush = new Rush();
    for (let n = 0; n < 7; n += 1) rush.arrived();

    await expect(rush.isOver()).resolves.toBeUndefined();
  });

  it('is over when nothing comes for a moment', async () => {
    const rush = new Rush();
    for (let n = 0; n < 8; n += 1) rush.arrived();
    const over = vi.fn();
    const waiting = rush.isOver().then(over);

    await vi.advanceTimersByTimeAsync(19);
    expect(over).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
  });

  it('is waited for half a second and no longer', async () => {
    const rush = new Rush();
    const over = vi.fn();
    for (let n = 0; n < 8; n += 1) rush.arrived();
    const waiting = rush.isOver().then(over);

    for (let ms = 0; ms < 480; ms += 1) {
      rush.arrived();
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(over).not.toHaveBeenCalled();
    for (let ms = 0; ms < 40; ms += 1) {
      rush.arrived();
      await vi.advanceTimersByTimeAsync(1);
    }
    await waiting;
  });

  it('that goes on keeps nobody any more', async () => {
    const rush = new Rush();
    for (let ms = 0; ms < 520; ms += 1) {
      rush.arrived();
      await vi.advanceTimersByTimeAsync(1);
    }

    await expect(rush.isOver()).resolves.toBeUndefined();
  });
});
