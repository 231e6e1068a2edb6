import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import {
  CreditBalanceChangedDocument,
  SpendCreditsDocument,
} from '../support/operations.generated.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import {
  appendEntries,
  cutListeners,
  eventually,
  hearUntil,
  notify,
  sequencesOf,
  span,
  spendEach,
} from './given.ts';

describe('creditBalanceChanged', () => {
  let database: TestDatabase;
  let gateway: TestGateway;
  let other: TestGateway;

  beforeAll(async () => {
    database = await createTestDatabase();
    gateway = await startGateway({ database });
    other = await startGateway({ database });
  });
  afterAll(async () => {
    await gateway.close();
    await other.close();
    await database.drop();
  });

  function subscribe(account: TestAccount, after?: number, at = gateway) {
    return at.live(account.masterKey).subscribe(CreditBalanceChangedDocument, { after });
  }

  it('tells the balance first, then each entry exactly once and in order', async () => {
    const account = await gateway.createAccount({ credits: '1000' });
    const live = subscribe(account);
    const [first] = await hearUntil(live, 0);
    const start = first?.balance.sequence ?? 0;
    expect(first).toMatchObject({ lagged: false, transactions: [], balance: { total: '1000' } });

    const keys = span(1, 60).map((n) => `spend-${n}`);
    await Promise.all(
      keys.map((idempotencyKey) =>
        account.client.request(SpendCreditsDocument, { input: { amount: '1', idempotencyKey } }),
      ),
    );

    const events = await hearUntil(live, start + 60);
    expect(sequencesOf(events)).toEqual(span(start + 1, start + 60));
    expect(events.at(-1)).toMatchObject({ lagged: false, balance: { total: '940' } });
    for (const { balance, transactions } of events)
      expect(transactions.at(-1)?.balanceAfter).toBe(balance.total);
  });

  it('hears on one gateway what is spent on another', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const live = subscribe(account);
    const start = (await live.next()).creditBalanceChanged.balance.sequence;

    const elsewhere = { ...account, client: other.as(account.masterKey) };
    await Promise.all([
      spendEach(account, ['a', 'b', 'c', 'd', 'e']),
      spendEach(elsewhere, ['f', 'g', 'h', 'i', 'j']),
    ]);

    expect(sequencesOf(await hearUntil(live, start + 10))).toEqual(span(start + 1, start + 10));
  });

  it('loses nothing while the connection that listens is lost', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const live = subscribe(account);
    const start = (await live.next()).creditBalanceChanged.balance.sequence;

    const spending = spendEach(
      account,
      span(1, 20).map((n) => `spend-${n}`),
    );
    expect(await cutListeners(database)).toBe(2);
    await appendEntries(database, account.id, 1, false);
    await spending;

    expect(sequencesOf(await hearUntil(live, start + 21))).toEqual(span(start + 1, start + 21));
  });

  it('goes on where a subscriber left off', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const first = subscribe(account);
    const start = (await first.next()).creditBalanceChanged.balance.sequence;
    await spendEach(account, ['a', 'b']);
    const before = sequencesOf(await hearUntil(first, start + 2));
    first.stop();
    await spendEach(account, ['c', 'd']);

    const again = subscribe(account, start + 2, other);
    await spendEach(account, ['e']);

    const after = sequencesOf(await hearUntil(again, start + 5));
    expect([...before, ...after]).toEqual(span(start + 1, start + 5));
  });

  it('answers a subscriber that has everything with the balance and no entries', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const { sequence } = (await subscribe(account).next()).creditBalanceChanged.balance;

    const { creditBalanceChanged } = await subscribe(account, sequence).next();

    expect(creditBalanceChanged).toMatchObject({ lagged: false, transactions: [] });
  });

  it('sends a thousand missed entries, and for one more a fresh balance instead', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const start = (await subscribe(account).next()).creditBalanceChanged.balance.sequence;
    await appendEntries(database, account.id, 1_000);

    const [within] = await hearUntil(subscribe(account, start), start + 1_000);
    expect(within?.lagged).toBe(false);
    expect(sequencesOf(within ? [within] : [])).toEqual(span(start + 1, start + 1_000));

    const beyond = subscribe(account, start - 1);
    const [snapshot] = await hearUntil(beyond, 0);
    expect(snapshot).toMatchObject({ lagged: true, transactions: [] });
    await spendEach(account, ['next']);
    const [next] = await hearUntil(beyond, start + 1_001);
    expect(next).toMatchObject({ lagged: false, transactions: [{ sequence: start + 1_001 }] });
  });

  it('tells a subscriber that is ahead of the ledger that it is lagged, and goes on from the truth', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const live = subscribe(account, 9_000);
    const { creditBalanceChanged } = await live.next();
    expect(creditBalanceChanged).toMatchObject({ lagged: true, transactions: [] });

    await spendEach(account, ['next']);

    const { sequence } = creditBalanceChanged.balance;
    expect(sequencesOf(await hearUntil(live, sequence + 1))).toEqual([sequence + 1]);
  });

  it('refuses a sequence that is negative or no number', async () => {
    const account = await gateway.createAccount();
    const ended = await subscribe(account, -1).ended();
    expect(ended).toMatchObject([
      { message: 'after must not be negative.', extensions: { code: 'BAD_USER_INPUT' } },
    ]);
    const wrong = await subscribe(account, 'three' as unknown as number).ended();
    expect(wrong).toMatchObject([
      { message: expect.stringContaining('"$after"'), extensions: { code: 'BAD_USER_INPUT' } },
    ]);
  });

  it('is not led astray by hints that come twice, late, for nothing or in another shape', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const live = subscribe(account);
    const start = (await live.next()).creditBalanceChanged.balance.sequence;
    for (const hint of ['balance:*', `balance:${account.id}`, 'balance', '', ':', 'nobody:1'])
      await notify(database, hint);
    await spendEach(account, ['a']);
    await notify(database, `balance:${account.id},${account.id}`);
    await spendEach(account, ['b']);

    const events = await hearUntil(live, start + 2);
    expect(sequencesOf(events)).toEqual([start + 1, start + 2]);
    expect(events.every(({ transactions }) => transactions.length > 0)).toBe(true);
  });

  it('makes up for a lost hint with the next one', async () => {
    const account = await gateway.createAccount({ credits: '100' });
    const live = subscribe(account);
    const start = (await live.next()).creditBalanceChanged.balance.sequence;
    await appendEntries(database, account.id, 3, false);
    await spendEach(account, ['a']);

    expect(sequencesOf(await hearUntil(live, start + 4))).toEqual(span(start + 1, start + 4));
  });

  it('leaves nobody watching when subscribers unsubscribe, go away or are refused', async () => {
    await using own = await startGateway({ database });
    const { hub } = own.app.services;
    const atRest = hub.watcherCount;
    const account = await own.createAccount();
    const lives = span(1, 5).map(() => own.live(account.masterKey));
    const subscriptions = lives.map((live) => live.subscribe(CreditBalanceChangedDocument, {}));
    await Promise.all(subscriptions.map((subscription) => subscription.next()));
    // Those who ask the same and have heard the same watch as one.
    await eventually(() => hub.watcherCount === atRest + 1);

    subscriptions[0]?.stop();
    subscriptions[1]?.stop();
    await Promise.all(lives.slice(2).map((live) => live.close()));
    await subscribe(account, -1, own).ended();

    await eventually(() => hub.watcherCount === atRest);
  });

  it.each([
    ['that names them', (ids: readonly string[]) => `balance:${ids.join()}`],
    ['that tells of all', () => 'balance:*'],
  ])(
    'tells the subscribers of many accounts what is their own after a hint %s',
    async (_how, hintOf) => {
      const accounts = await Promise.all(
        span(1, 30).map((n) => gateway.createAccount({ credits: `${1_000 + n}` })),
      );
      const lives = accounts.map((account) => subscribe(account));
      const firsts = await Promise.all(lives.map((live) => live.next()));

      // Some have more entries to hear of than are read along.
      for (const [n, { id }] of accounts.entries())
        await appendEntries(database, id, n % 3 === 0 ? 40 : 1 + (n % 3), false);
      await notify(database, hintOf(accounts.map(({ id }) => id)));

      for (const [n, live] of lives.entries()) {
        const { sequence } = firsts[n]?.creditBalanceChanged.balance ?? { sequence: 0 };
        const count = n % 3 === 0 ? 40 : 1 + (n % 3);
        const events = await hearUntil(live, sequence + count);
        expect(sequencesOf(events)).toEqual(span(sequence + 1, sequence + count));
        const { balance, transactions } = events.at(-1) ?? {};
        expect(transactions?.at(-1)?.balanceAfter).toBe(balance?.total);
      }
    },
  );

  it('loses nothing of what follows fast upon much that was sent', async () => {
    const account = await gateway.createAccount({ credits: '100000' });
    const sockets = span(1, 3).map(() => gateway.live(account.masterKey));
    const lives = sockets.flatMap((socket) =>
      span(1, 80).map(() => socket.subscribe(CreditBalanceChangedDocument, {})),
    );
    const [first] = await Promise.all(lives.map((live) => live.next()));
    const start = first?.creditBalanceChanged.balance.sequence ?? 0;

    for (let n = 0; n < 40; n += 1) await appendEntries(database, account.id, 5);

    const [heard = []] = await Promise.all(lives.map((live) => hearUntil(live, start + 200)));
    expect(sequencesOf(heard)).toEqual(span(start + 1, start + 200));
  });

  it('tells many subscribers of one account, all of them everything', async () => {
    const account = await gateway.createAccount({ credits: '1000' });
    const sockets = span(1, 5).map(() => gateway.live(account.masterKey));
    const subscriptions = sockets.flatMap((socket) =>
      span(1, 60).map(() => socket.subscribe(CreditBalanceChangedDocument, {})),
    );
    const [first] = await Promise.all(subscriptions.map((subscription) => subscription.next()));
    const start = first?.creditBalanceChanged.balance.sequence ?? 0;

    await spendEach(
      account,
      span(1, 10).map((n) => `spend-${n}`),
    );

    const heard = await Promise.all(
      subscriptions.map((subscription) => hearUntil(subscription, start + 10)),
    );
    for (const events of heard) expect(sequencesOf(events)).toEqual(span(start + 1, start + 10));
  });
});
