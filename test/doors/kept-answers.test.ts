import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { SharedAnswer } from '../../src/edge/shared-answer.ts';
import { AccountResolver } from '../../src/features/account/account.resolver.ts';
import type { AccountType } from '../../src/features/account/account.type.ts';
import { SystemClock } from '../../src/platform/clock.ts';
import { apart, areGroundsGathered, restOn, restOnUnknown } from '../../src/platform/grounds.ts';

// The real ones: `kept-and-made.ts` keeps from the first time on, for all other tests.
const { KeptAnswers } = await vi.importActual<typeof import('../../src/edge/kept-answers.ts')>(
  '../../src/edge/kept-answers.ts',
);

/** As often as it takes until an answer is kept. */
const OFTEN = 3;

let kept: InstanceType<typeof KeptAnswers>;
let made: number;
beforeEach(() => {
  kept = new KeptAnswers();
  made = 0;
});

/** Asks for something that is made by doing this, and says which making of it was told. */
async function ask(name: string, making: () => void = () => undefined): Promise<string | null> {
  const { body } = await kept.answer(name, async () => {
    made += 1;
    const body = `${name} ${made}`;
    await Promise.resolve();
    making();
    return { body };
  });
  return body;
}

async function askOften(name: string, making?: () => void): Promise<string | null> {
  for (let times = 1; times < OFTEN; times += 1) await ask(name, making);
  return ask(name, making);
}

async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  await nextTurn();
  runInNewContext('gc')();
}

describe('an answer that is asked for again and again', () => {
  it('is kept while what it rests on is as it was, and looked at each time', async () => {
    const holds = vi.fn(() => true);
    expect(await askOften('page', () => restOn(holds))).toBe('page 3');
    expect(holds).not.toHaveBeenCalled();
    expect(await ask('page')).toBe('page 3');
    expect(await ask('page')).toBe('page 3');
    expect(holds).toHaveBeenCalledTimes(2);
  });

  it('is made anew from the moment on at which one of its grounds is otherwise', async () => {
    let isSo = true;
    const making = () => {
      restOn(() => true);
      restOn(async () => isSo);
    };
    expect(await askOften('page', making)).toBe(await ask('page'));
    isSo = false;
    expect(await ask('page', making)).toBe('page 4');
    isSo = true;
    expect(await ask('page', making)).toBe('page 5');
  });

  it('fails in its own way of what its look failed of, when nobody can look', async () => {
    const away = Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
    await askOften('page', () => restOn(() => Promise.reject(away)));
    const looking = () => apart(() => expect.unreachable('It was looked at once more.'));
    await expect(ask('page', looking)).rejects.toThrow('away');
    await expect(ask('page', restOnUnknown)).rejects.toThrow('away');
    expect(await ask('page')).toBe(`page ${OFTEN + 3}`);
  });

  it('is made anew when looking at it fails by itself', async () => {
    await askOften('page', () => restOn(() => Promise.reject(new Error('a mistake'))));
    expect(await ask('page')).toBe('page 4');
  });

  it('holds on to nothing that was read for it', async () => {
    const resolver = new AccountResolver({} as never, {} as never, new SystemClock());
    const read = (): [AccountType, WeakRef<AccountType>] => {
      const standing = { status: 'TRIAL', statusSince: new Date(0), statusEndsAt: null };
      const account = { ...standing, blockedAt: null } as AccountType;
      return [account, new WeakRef(account)];
    };
    const pages: WeakRef<AccountType>[] = [];
    await askOften('page', () => {
      const [account, page] = read();
      pages.push(page);
      resolver.canExecute(account);
      resolver.canDeploy(account);
    });
    expect(await ask('page')).toBe('page 3');
    await collectGarbage();
    expect(pages.map((page) => page.deref())).toEqual([undefined, undefined, undefined]);
  });

  it('is not kept when it rests on nothing that is known, or on something unknown too', async () => {
    await askOften('nothing');
    expect(await ask('nothing')).toBe('nothing 4');
    const making = () => {
      restOn(() => true);
      restOnUnknown();
      restOn(() => true);
    };
    await askOften('unknown', making);
    expect(await ask('unknown', making)).toBe('unknown 8');
  });

  it('is not tried to be kept each time when it could not be', async () => {
    let tried = 0;
    const making = () => {
      if (areGroundsGathered()) tried += 1;
      restOnUnknown();
    };
    for (let times = 0; times < 100; times += 1) await ask('page', making);
    expect(tried).toBe(1);
    for (let times = 0; times < 100; times += 1) await ask('page', making);
    expect(tried).toBe(2);
  });

  it('is not kept when there are errors in it', async () => {
    const refused: SharedAnswer = { body: null, result: { errors: [] } };
    const make = vi.fn(async () => {
      restOn(() => true);
      return refused;
    });
    for (let times = 0; times < OFTEN + 1; times += 1)
      expect(await kept.answer('page', make)).toBe(refused);
    expect(make).toHaveBeenCalledTimes(OFTEN + 1);
  });

  it('is kept for its name only', async () => {
    await askOften('one', () => restOn(() => true));
    expect(await ask('other')).toBe('other 4');
    expect(await ask('one')).toBe('one 3');
  });

  it('gives way to others: there are never more than a few megabytes', async () => {
    const make = (name: string) => async () => {
      restOn(() => true);
      return { body: name.repeat(200_000) };
    };
    for (let n = 0; n < 60; n += 1) {
      const name = String.fromCharCode(65 + n);
      for (let times = 0; times < OFTEN; times += 1) await kept.answer(name, make(name));
    }
    expect(await kept.stillRight('A')).toBeNull();
    expect(await kept.stillRight(String.fromCharCode(65 + 59))).not.toBeNull();
    await askOften('few', () => restOn(() => true));
    for (let n = 0; n < 2_000; n += 1) await askOften(`other ${n}`, () => restOn(() => true));
    expect(await kept.stillRight('few')).toBeNull();
  });

  it('is not kept when it is very large, or asked for in very long words', async () => {
    let tried = 0;
    const large = async () => {
      if (areGroundsGathered()) tried += 1;
      restOn(() => true);
      return { body: 'x'.repeat(300_000) };
    };
    for (let times = 0; times < 50; times += 1) await kept.answer('large', large);
    expect(await kept.stillRight('large')).toBeNull();
    expect(tried).toBe(1);
    const long = 'long'.repeat(1_000);
    await askOften(long, () => restOn(() => true));
    expect(await kept.stillRight(long)).toBeNull();
  });
});
