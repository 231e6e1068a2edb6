import { describe, expect, it } from 'vitest';
import { BalanceNews } from '../../src/features/ledger/balance-news.service.ts';
import type { CreditBalance, CreditTransaction } from '../../src/features/ledger/ledger.model.ts';
import { LiveHub } from '../../src/live/hub.ts';
import { LiveStream } from '../../src/live/live-stream.ts';
import { span } from './given.ts';

const ACCOUNT = 'a';

async function givenHub() {
  let hint: (hint: string) => void = () => undefined;
  const hub = new LiveHub({
    start: async (onHint) => {
      hint = onHint;
    },
    close: async () => undefined,
  });
  await hub.start();
  return { hub, hint: () => hint(`balance:${ACCOUNT}`) };
}

async function givenNews() {
  const { hub } = await givenHub();
  hub.watch('balance', ACCOUNT, () => undefined);
  return new BalanceNews(hub);
}

function applied(sequence: number, version = sequence) {
  const place = { accountId: ACCOUNT, sequence: BigInt(sequence) };
  return {
    entry: place as CreditTransaction,
    balance: { ...place, version: BigInt(version) } as CreditBalance,
  };
}

const at = (sequence: number, version = sequence) => ({
  sequence: BigInt(sequence),
  version: BigInt(version),
});

describe('news of a balance', () => {
  it('are the entries after a place and the balance after them, the same for all who are there', async () => {
    const news = await givenNews();
    news.tell([applied(4), applied(5)]);
    news.tell([applied(6)]);

    const event = news.after(ACCOUNT, at(4));

    expect(event?.transactions.map(({ sequence }) => sequence)).toEqual([5n, 6n]);
    expect(event?.balance.sequence).toBe(6n);
    expect(news.after(ACCOUNT, at(4))).toBe(event);
  });

  it.each([
    ['an entry is missing', at(2)],
    ['nothing is new', at(5)],
    ['only the database knows the balance that goes with the place', at(4, -1)],
  ])('are none when %s', async (_why, place) => {
    const news = await givenNews();
    news.tell([applied(4), applied(5)]);

    expect(news.after(ACCOUNT, place)).toBeNull();
  });

  it('begin again after an entry that somebody else wrote', async () => {
    const news = await givenNews();
    news.tell([applied(4)]);
    news.tell([applied(6)]);

    expect(news.after(ACCOUNT, at(3))).toBeNull();
    expect(news.after(ACCOUNT, at(5))?.balance.sequence).toBe(6n);
  });

  it('do not go back when they are told late', async () => {
    const news = await givenNews();
    news.tell([applied(6)]);
    news.tell([applied(5)]);

    expect(news.after(ACCOUNT, at(5))?.balance.sequence).toBe(6n);
  });

  it('are not kept for accounts that nobody watches, nor without end', async () => {
    const { hub } = await givenHub();
    const news = new BalanceNews(hub);
    news.tell([applied(4)]);
    expect(news.after(ACCOUNT, at(3))).toBeNull();

    hub.watch('balance', ACCOUNT, () => undefined);
    for (const sequence of span(1, 600)) news.tell([applied(sequence)]);
    expect(news.after(ACCOUNT, at(80))).toBeNull();
    expect(news.after(ACCOUNT, at(100))?.transactions).toHaveLength(500);
  });

  it('are forgotten in the order in which they were told of, when they are many', async () => {
    const { hub } = await givenHub();
    const news = new BalanceNews(hub);
    const tellOf = (accountId: string) => {
      hub.watch('balance', accountId, () => undefined);
      const batch = span(1, 500).map((sequence) => {
        const { entry, balance } = applied(sequence);
        return { entry: { ...entry, accountId }, balance: { ...balance, accountId } };
      });
      news.tell(batch);
    };
    for (const n of span(1, 50)) tellOf(`${n}`);

    expect(news.after('1', at(499))).toBeNull();
    expect(news.after('50', at(0))?.transactions).toHaveLength(500);
  });

  it('do not stand for what a hint tells of, which is read as well', async () => {
    const { hub, hint } = await givenHub();
    const read = ['present', 'read after a hint'];
    const stream = new LiveStream<string, number>({
      hub,
      topic: 'balance',
      id: ACCOUNT,
      read: async (after) => ({ event: read.shift() ?? 'too much', place: (after ?? 0) + 1 }),
      known: (after) => ({ event: 'known here', place: after + 1 }),
    });
    await stream.next();

    hint();
    hub.tellHere('balance', ACCOUNT);

    const told = [(await stream.next()).value, (await stream.next()).value];
    expect(told.sort()).toEqual(['known here', 'read after a hint']);
    await stream.return();
  });

  it('are told while a hint is looked up, which is then looked up again', async () => {
    const { hub, hint } = await givenHub();
    const slow = Promise.withResolvers<void>();
    let reads = 0;
    const stream = new LiveStream<string, number>({
      hub,
      topic: 'balance',
      id: ACCOUNT,
      read: async (after) => {
        reads += 1;
        if (reads === 2) await slow.promise;
        return { event: `read ${reads}`, place: (after ?? 0) + 1 };
      },
      known: (after) => ({ event: 'known here', place: after + 1 }),
    });
    await stream.next();

    hint();
    const next = stream.next();
    hub.tellHere('balance', ACCOUNT);

    expect((await next).value).toBe('known here');
    expect((await stream.next()).value).toBe('read 3');
    slow.resolve();
    await stream.return();
  });
});
