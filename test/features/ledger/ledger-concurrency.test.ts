import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDatabaseAway } from '../../../src/platform/database/database-away.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { ledgerFaults } from '../../support/ledger-checker.ts';
import { SpendCreditsDocument } from '../../support/operations.generated.ts';
import {
  adjust,
  CREDIT,
  grant,
  type LedgerNode,
  type LedgerWorld,
  ledgerWorld,
  spend,
} from './ledger-world.ts';

const run = promisify(execFile);

/** Spends in a process of its own; answers how many spends were let. */
async function spendElsewhere(url: string, accountIds: string[], keys: number, prefix: string) {
  const program = new URL('./second-process.ts', import.meta.url).pathname;
  const args = [program, url, accountIds.join(','), String(keys), prefix];
  const { stdout } = await run(process.execPath, args, { timeout: 60_000 });
  return Number(stdout);
}

const count = (outcomes: readonly unknown[], wanted: unknown) =>
  outcomes.filter((outcome) => outcome === wanted).length;

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const result = [...items];
  let state = seed;
  for (let index = result.length - 1; index > 0; index -= 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const other = state % (index + 1);
    [result[index], result[other]] = [result[other] as T, result[index] as T];
  }
  return result;
}

describe('many spenders at once', () => {
  let world: LedgerWorld;
  let nodes: LedgerNode[];
  beforeAll(async () => {
    world = await ledgerWorld();
    nodes = [world, await world.node(), await world.node()];
  });
  afterAll(() => world.close());
  const node = (index: number) => nodes[index % nodes.length] as LedgerNode;

  it('accepts exactly 100 of 200 spends of one credit against a balance of 100', async () => {
    const accountId = await world.account(100n * CREDIT);
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) => spend(node(index), accountId, CREDIT, `k${index}`)),
    );
    expect(count(outcomes, 'INSUFFICIENT_CREDITS')).toBe(100);
    expect(new Set(outcomes.filter((outcome) => typeof outcome === 'bigint')).size).toBe(100);
    expect((await world.ledger.balance(accountId)).totalMicro).toBe(0n);
    expect(await ledgerFaults(world.owner)).toEqual([]);
  }, 120_000);

  it('applies a key once, though each of 2,000 is sent three times over three pools and two processes', async () => {
    const accountIds = await world.openAccounts(5, 2_000n);
    const keys = Array.from({ length: 2_000 }, (_, index) => index);
    const [elsewhere, ...here] = await Promise.all([
      spendElsewhere(world.files.appUrl, accountIds, keys.length, 'thrice-'),
      ...nodes.slice(0, 2).map(async (sender, round) => {
        const sent = shuffled(keys, round + 1).map(async (index) => {
          const accountId = accountIds[index % accountIds.length] as string;
          return [index, await spend(sender, accountId, 1n, `thrice-${index}`)] as const;
        });
        return new Map(await Promise.all(sent));
      }),
    ]);
    expect(elsewhere).toBe(2_000);
    const [first, second] = here;
    for (const index of keys) expect(first?.get(index)).toEqual(second?.get(index));
    for (const id of accountIds) {
      const balance = await world.ledger.balance(id);
      expect([balance.totalMicro, balance.sequence]).toEqual([1_600n, 401n]);
    }
    expect(await ledgerFaults(world.owner)).toEqual([]);
  }, 120_000);

  it('keeps every rule while grants, spends, gifts and changes of status meet on hot and many accounts', async () => {
    const accountIds = await world.openAccounts(24, 40n);
    const [hot = ''] = accountIds;
    const failed: unknown[] = [];
    const work = Array.from({ length: 1_800 }, (_, index) => index);
    const elsewhere = spendElsewhere(world.files.appUrl, accountIds.toReversed(), 600, 'mixed-');
    const rounds = nodes.map(async (sender, round) => {
      // Each in its own order, a slice at a time, so that batches overlap in every way.
      const order = shuffled(work, round + 7);
      for (let from = 0; from < order.length; from += 150) {
        const slice = order.slice(from, from + 150);
        const done = slice.map((index) => patiently(() => mix(sender, index, round)));
        await Promise.all(done);
        if (round === 0) world.clock.advance(60_000);
      }
    });
    // On a busy machine the wait for a connection can be too long; every step may be taken again.
    async function patiently(step: () => Promise<void>): Promise<void> {
      try {
        await step();
      } catch (error) {
        if (isDatabaseAway(error)) await patiently(step);
        else failed.push(error);
      }
    }
    async function mix(sender: LedgerNode, index: number, round: number): Promise<void> {
      const id = index % 3 === 0 ? hot : (accountIds[index % accountIds.length] as string);
      switch (index % 9) {
        case 0:
          await grant(sender, id, {
            amountMicro: BigInt(1 + (index % 50)),
            effectiveAt: new Date(world.clock.now().getTime() + (index % 5) * 30_000),
            expiresAt: new Date(world.clock.now().getTime() + 200_000 + (index % 7) * 60_000),
            source: index % 2 === 0 ? 'PLAN' : 'PROMOTION',
            causeId: `mixed/${index}`,
          });
          break;
        case 1:
          await adjust(sender, id, BigInt(1 + (index % 20)), `mixed-gift-${index}`);
          break;
        case 2:
          await adjust(sender, id, -BigInt(1 + (index % 9)), `mixed-take-${index}`);
          break;
        case 3:
          // What every change of status and every subscription does: the account first, then its balance.
          await sender.database.transaction(async (tx) => {
            await sender.accounts.lock(tx, id);
            await sender.ledger.lockBalance(tx, id);
            if (round === 1) await sender.ledger.endGrants(tx, id, 'invoice', 'Nothing to end.');
          });
          break;
        default:
          await spend(sender, id, BigInt(1 + (index % 4)), `mixed-${index}`);
      }
    }
    await Promise.all([...rounds, elsewhere]);
    expect(failed).toEqual([]);
    const broken = nodes.flatMap((each) => each.failures).filter((error) => !isDatabaseAway(error));
    expect(broken).toEqual([]);
    expect(await ledgerFaults(world.owner)).toEqual([]);
  }, 120_000);
});

describe('many spenders at once over HTTP', () => {
  let first: TestGateway;
  let second: TestGateway;
  beforeAll(async () => {
    first = await startGateway();
    second = await startGateway({ database: first.database });
  });
  afterAll(async () => {
    await second.close();
    await first.close();
  });

  it('accepts exactly 100 of 200 spends of one credit against a balance of 100, at two gateways', async () => {
    const account = await first.createAccount({ credits: '100' });
    const clients = [first.as(account.masterKey), second.as(account.masterKey)] as const;
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const client = clients[(index % 2) as 0 | 1];
        const input = { amount: '1', idempotencyKey: `k${index}` };
        return (await client.request(SpendCreditsDocument, { input })).spendCredits.__typename;
      }),
    );
    expect(count(outcomes, 'SpendCreditsPayload')).toBe(100);
    expect(count(outcomes, 'InsufficientCredits')).toBe(100);
    expect(await ledgerFaults(first.app.services.database)).toEqual([]);
  });

  it('answers the three times that a key is sent with the same transaction', async () => {
    const account = await first.createAccount({ credits: '1000' });
    const clients = [first.as(account.masterKey), second.as(account.masterKey)] as const;
    const send = async (index: number, time: number) => {
      const input = { amount: '1.5', description: 'A call.', idempotencyKey: `key-${index}` };
      const client = clients[(time % 2) as 0 | 1];
      const { spendCredits } = await client.request(SpendCreditsDocument, { input });
      if (spendCredits.__typename !== 'SpendCreditsPayload') throw new Error('refused');
      return spendCredits.transaction;
    };
    const sent = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        Promise.all([0, 1, 2].map((time) => send(index, time))),
      ),
    );
    for (const [one, other, third] of sent) {
      expect(other).toEqual(one);
      expect(third).toEqual(one);
    }
    expect(new Set(sent.map(([one]) => one?.sequence)).size).toBe(200);
    expect(await ledgerFaults(first.app.services.database)).toEqual([]);
  });
});
