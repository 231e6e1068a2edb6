import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../live/given.ts';
import { BreakablePostgres } from '../support/breakable-postgres.ts';
import { LiveClient } from '../support/live-client.ts';
import {
  BALANCE,
  faultsIn,
  givenProcess,
  HOLD,
  type ProcessAccount,
  type ProcessWorld,
  refusalOf,
  SPEND,
  spendOne,
  totalOf,
  within,
} from './given.ts';

const REFUSED_WITHIN_MS = 2_000;
/** A server that does not answer is waited for: half a second and one more, for the statement, as it is set here. */
const FROZEN_REFUSED_WITHIN_MS = 3_000;
const HEALED_WITHIN_MS = 5_000;
const UNAVAILABLE = { status: 503, code: 'SERVICE_UNAVAILABLE' };
const RECHARGE = `mutation ($input: RechargeInput!) { recharge(input: $input) {
  ... on RechargePayload { checkoutUrl } } }`;
const ORDERS = '{ account { orders(first: 1) { nodes { status } } } }';

interface Heard {
  readonly creditBalanceChanged: { readonly balance: { readonly total: string } };
}

describe('when PostgreSQL is killed', { timeout: 90_000 }, () => {
  let postgres: BreakablePostgres;
  let world: ProcessWorld;
  beforeAll(async () => {
    postgres = await BreakablePostgres.start();
    world = await givenProcess(postgres.ownerUrl, { STATEMENT_TIMEOUT_MS: '500' });
  });
  afterAll(async () => {
    await world?.close();
    await postgres?.close();
  });

  /** What becomes of one request of every kind. */
  function requestsOf({ client, masterKey }: ProcessAccount, key: string) {
    const input = { amount: '1', idempotencyKey: key };
    const authorization = `Bearer ${masterKey}`;
    const gate = `${world.url}/gate?metric=apiCalls`;
    return {
      read: client.post({ query: BALANCE }).then(refusalOf),
      spend: client.post({ query: SPEND, variables: { input } }).then(refusalOf),
      hold: client.post({ query: HOLD, variables: { input } }).then(refusalOf),
      gate: fetch(gate, { headers: { authorization } }).then(({ status }) => status),
      ready: fetch(`${world.url}/readyz`).then(({ status }) => status),
      healthy: fetch(`${world.url}/healthz`).then(({ status }) => status),
    };
  }

  async function expectRefused(
    account: ProcessAccount,
    key: string,
    withinMs = REFUSED_WITHIN_MS,
  ): Promise<void> {
    const { read, spend, hold, gate, ready, healthy } = requestsOf(account, key);
    const answers = Promise.all([read, spend, hold, gate, ready, healthy]);
    expect(await within(withinMs, answers)).toEqual([
      UNAVAILABLE,
      UNAVAILABLE,
      UNAVAILABLE,
      503,
      503,
      200,
    ]);
  }

  /** Asks as often as it takes until the answer is kept, and a look is all that an answer needs. */
  async function keepBalance(account: ProcessAccount): Promise<void> {
    for (let times = 0; times < 10; times += 1) await totalOf(account);
  }

  /** Resolves with the outcome of the first spend that succeeds. */
  async function expectHealed(account: ProcessAccount, key: string): Promise<void> {
    const healed = async () => {
      while ((await spendOne(account, key)) !== 'done') await pause(20);
    };
    await within(HEALED_WITHIN_MS, healed());
  }

  it('refuses what it cannot do, heals by itself, and has done what it said once', async () => {
    const account = await world.createAccount('1000');
    const before = await totalOf(account);
    const live = new LiveClient(world.url, account.masterKey);
    const heard = live.subscribeText<Heard>(
      'subscription { creditBalanceChanged { balance { total } } }',
    );
    await heard.next();
    const done = new Set<string>();
    const unknown = new Set<string>();
    let isOver = false;
    const spender = async (name: string) => {
      for (let n = 0; !isOver; n += 1) {
        const outcome = await spendOne(account, `${name}-${n}`);
        if (outcome === 'done') done.add(`${name}-${n}`);
        else unknown.add(`${name}-${n}`);
      }
    };
    const spenders = ['a', 'b', 'c', 'd', 'e', 'f'].map(spender);
    await eventually(() => done.size > 100);
    await postgres.kill();
    isOver = true;
    await Promise.all(spenders);
    expect(unknown.size).toBeGreaterThan(0);
    await expectRefused(account, 'while-away');
    expect(world.gateway.isRunning).toBe(true);

    await postgres.restart();
    await expectHealed(account, 'while-away');

    for (const key of [...done, ...unknown]) expect(await spendOne(account, key)).toBe('done');
    const spent = done.size + unknown.size + 1;
    expect(await totalOf(account)).toBe(before - spent);
    await heard.until(({ creditBalanceChanged }) => {
      return Number(creditBalanceChanged.balance.total) === before - spent;
    });
    await live.close();
    expect(await faultsIn(postgres.ownerUrl)).toEqual([]);
  });

  it('asks for its webhooks again, and works on them when it is back', async () => {
    const account = await world.createAccount('1');
    const before = await totalOf(account);
    const input = {
      amountMinorUnits: 1_500,
      successUrl: 'http://localhost:3000/a',
      cancelUrl: 'http://localhost:3000/b',
      idempotencyKey: 'top-up',
    };
    const { recharge } = await account.client.query<{ recharge: { checkoutUrl: string } }>(
      RECHARGE,
      { input },
    );
    await postgres.kill();
    const paid = await fetch(recharge.checkoutUrl, {
      method: 'POST',
      body: new URLSearchParams({ action: 'pay', cardNumber: '4242424242424242' }),
      redirect: 'manual',
    });
    expect(paid.status).toBe(303);
    await postgres.restart();
    await eventually(async () => {
      const { data } = await account.client.post<{
        account: { orders: { nodes: { status: string }[] } };
      }>({ query: ORDERS });
      return data?.account.orders.nodes[0]?.status === 'PAID';
    }, 30_000);
    expect(await totalOf(account)).toBeGreaterThan(before);
    expect(await faultsIn(postgres.ownerUrl)).toEqual([]);
  });

  it('does the same when PostgreSQL is frozen, with connections that are open and answer nothing', async () => {
    const account = await world.createAccount('1000');
    const before = await totalOf(account);
    await Promise.all(Array.from({ length: 20 }, (_, n) => spendOne(account, `warm-${n}`)));
    await keepBalance(account);
    await postgres.freeze();
    for (const key of ['frozen', 'frozen-too'])
      await expectRefused(account, key, FROZEN_REFUSED_WITHIN_MS);
    await postgres.thaw();
    await expectHealed(account, 'frozen');
    await expectHealed(account, 'frozen-too');
    expect(await totalOf(account)).toBe(before - 22);
    expect(await faultsIn(postgres.ownerUrl)).toEqual([]);
  });
});
