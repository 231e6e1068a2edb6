import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliver, newKey, WEBHOOK_SECRET } from '../../flows/given-purchases.ts';
import { startGateway, type TestAccount, type TestGateway } from '../../support/gateway.ts';
import type { GraphResponse } from '../../support/graph-client.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  AccountsDocument,
  AdjustCreditsDocument,
  EveryTransactionDocument,
  LedgerDocument,
  ReplayWebhookEventDocument,
  SpendCreditsDocument,
  UpdateAccountDocument,
  WebhookEventsDocument,
} from '../../support/operations.generated.ts';

const clock = new ManualClock();
const accounts: TestAccount[] = [];
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ clock, environment: { STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRET } });
  for (const name of ['acme', 'Acme-Berlin', 'zeta', '100%_sure'])
    accounts.push(await gateway.createAccount({ externalId: name }));
});
afterAll(() => gateway.close());

interface Found {
  readonly nodes: readonly { readonly id: string }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string | null };
}

/** Every id of a list, page by page. */
async function walked(page: (after: string | null) => Promise<Found>): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ; ) {
    const { nodes, pageInfo }: Found = await page(after);
    ids.push(...nodes.map(({ id }) => id));
    if (!pageInfo.hasNextPage) return ids;
    after = pageInfo.endCursor ?? null;
  }
}
const refusalOf = async (answer: Promise<GraphResponse<unknown>>) => {
  const { errors } = await answer;
  return `${errors[0]?.extensions.code}: ${errors[0]?.message}`;
};
const list = async (variables: object = {}) =>
  (await gateway.admin.request(AccountsDocument, variables)).accounts;

describe('the accounts', () => {
  it('are listed newest first, page by page, each once', async () => {
    const ids = await walked((after) => list({ first: 3, after }));
    expect(ids).toEqual(accounts.map(({ id }) => id).reverse());
    expect(await list()).toMatchObject({ totalCount: 4, pageInfo: { hasPreviousPage: false } });
  });

  it.each([
    ['ACME', ['Acme-Berlin', 'acme']],
    ['berlin@example', ['Acme-Berlin']],
    ['%', ['100%_sure']],
    ['nothing like it', []],
  ])('are found by %s', async (search, names) => {
    const { nodes, totalCount } = await list({ search });
    expect(nodes.map(({ externalId }) => externalId)).toEqual(names);
    expect(totalCount).toBe(names.length);
  });

  it('are listed by the status that they have, also when no job has written it down', async () => {
    const { pool } = gateway.app.services.database;
    const set = (index: number, what: string) =>
      pool.query(`update account set ${what} where id = $1`, [accounts[index]?.id]);
    const now = clock.now().getTime();
    const at = (ms: number) => `'${new Date(now + ms).toISOString()}'`;
    await set(0, `status = 'TRIAL', status_ends_at = ${at(-2)}, blocked_at = ${at(5_000)}`);
    await set(1, `status = 'READONLY', status_ends_at = ${at(-1)}, blocked_at = ${at(-1)}`);
    await set(2, `status = 'TRIAL', status_ends_at = ${at(-2)}, blocked_at = ${at(-1)}`);
    const names = async (status: string) => {
      const { nodes, totalCount } = await list({ status });
      expect(totalCount).toBe(nodes.length);
      for (const node of nodes) expect(node.status).toBe(status);
      return nodes.map(({ externalId }) => externalId);
    };
    expect(await names('READONLY')).toEqual(['acme']);
    expect(await names('DELETED')).toEqual(['zeta', 'Acme-Berlin']);
    expect(await names('TRIAL')).toEqual(['100%_sure']);
    expect((await list()).nodes).toHaveLength(4);
    await pool.query(
      `update account set status = 'ACTIVE', status_ends_at = null, blocked_at = null`,
    );
    expect(await names('ACTIVE')).toHaveLength(4);
  });

  it('are called what an administrator calls them; what is left out stays', async () => {
    const [{ id } = { id: '' }] = accounts;
    const change = async (input: object) =>
      (await gateway.admin.request(UpdateAccountDocument, { input: { accountId: id, ...input } }))
        .updateAccount;
    expect(await change({ name: 'Acme Ltd', timeZone: 'Asia/Tokyo' })).toEqual({
      id,
      name: 'Acme Ltd',
      email: 'acme@example.com',
      timeZone: 'Asia/Tokyo',
    });
    expect(await change({ email: null })).toMatchObject({ name: 'Acme Ltd', email: null });
    const refused = (input: object) =>
      refusalOf(gateway.admin.send(UpdateAccountDocument, { input: { accountId: id, ...input } }));
    expect(await refused({ name: ' ' })).toBe('BAD_USER_INPUT: name must not be empty.');
    expect(await refused({ email: 'x' })).toBe('BAD_USER_INPUT: email is not an address.');
    expect(await refused({ email: '' })).toBe('BAD_USER_INPUT: email is not an address.');
    for (const accountId of ['x', '019a0000-0000-7000-8000-000000000000'])
      expect(await refused({ accountId, name: 'x' })).toBe('NOT_FOUND: Account not found.');
  });
});

describe('the entries of all accounts', () => {
  const page = async (variables: object) =>
    (await gateway.admin.request(EveryTransactionDocument, variables)).creditTransactions;

  it('come newest first, each once, however they fall into pages', async () => {
    for (let round = 0; round < 6; round += 1) {
      if (round % 2 === 0) clock.advance(1_000);
      await Promise.all(
        accounts.map(({ client }) =>
          client.request(SpendCreditsDocument, {
            input: { amount: '0.5', idempotencyKey: newKey() },
          }),
        ),
      );
    }
    const { rows } = await gateway.app.services.database.pool.query(
      `select account_id || '-' || sequence as id from credit_transaction
        order by created_at desc, account_id desc, credit_transaction.sequence desc`,
    );
    const all = rows.map(({ id }) => id);
    expect(all.length).toBeGreaterThan(24);
    for (const first of [1, 3, 100])
      expect(await walked((after) => page({ first, after }))).toEqual(all);
    expect((await page({ first: 1 })).totalCount).toBe(all.length);

    const grants = await walked((after) => page({ first: 2, after, types: ['GRANT', 'GRANT'] }));
    expect(grants).toHaveLength(accounts.length);
    expect((await page({ types: ['GRANT'] })).totalCount).toBe(accounts.length);
    expect(await page({ types: [] })).toMatchObject({ nodes: [], totalCount: 0 });
  });

  it('of one account are its own list', async () => {
    const [first] = accounts;
    const { creditTransactions: own } = (await first?.client.request(LedgerDocument, {}))
      ?.account ?? { creditTransactions: { edges: [] } };
    const { nodes } = await page({ accountId: first?.id });
    expect(nodes.map(({ id }) => id)).toEqual(own.edges.map(({ node }) => node.id));
    expect(new Set(nodes.map(({ account }) => account.id))).toEqual(new Set([first?.id]));
    const { pageInfo } = await page({ first: 1 });
    const asked = { accountId: first?.id, after: pageInfo.endCursor };
    expect(await refusalOf(gateway.admin.send(EveryTransactionDocument, asked))).toContain(
      'after is not a cursor of this list',
    );
    const none = gateway.admin.send(EveryTransactionDocument, { accountId: 'x' });
    expect(await refusalOf(none)).toBe('NOT_FOUND: Account not found.');
  });

  it('tell why an administrator gave or took', async () => {
    const [{ id: accountId } = { id: '' }] = accounts;
    for (const amount of ['5', '-2'])
      await gateway.admin.request(AdjustCreditsDocument, {
        input: { accountId, amount, reason: `Because of ${amount}.`, idempotencyKey: newKey() },
      });
    const { nodes } = await page({ types: ['ADJUSTMENT'] });
    expect(nodes.map(({ amount, description }) => [amount, description])).toEqual([
      ['-2', 'Because of -2.'],
      ['5', 'Because of 5.'],
    ]);
  });

  it('are read by the index alone, whatever is asked for', async () => {
    const { pool } = gateway.app.services.database;
    const plan = async (types: string[]) => {
      const { rows } = await pool.query(
        `explain select found.* from unnest($1::text[]) as wanted (type) cross join lateral (
          select * from credit_transaction t
          where t.type = wanted.type and (created_at, account_id, sequence) < ($2, $3, $4)
          order by created_at desc, account_id desc, sequence desc limit 21) as found
        order by created_at desc, account_id desc, sequence desc limit 21`,
        [types, new Date(), accounts[0]?.id, 5],
      );
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    };
    for (const types of [['SPEND'], ['CLAWBACK', 'REFUND']])
      expect(await plan(types)).toContain('credit_transaction_all');
  });
});

describe('webhooks', () => {
  const events = async (variables: object = {}) =>
    (await gateway.admin.request(WebhookEventsDocument, variables)).webhookEvents;

  it('are listed by status and channel, and worked on anew', async () => {
    const ids = ['evt_a', 'evt_b', 'evt_c'];
    for (const id of ids)
      expect(
        await deliver(gateway.url, {
          id,
          object: 'event',
          type: 'account.updated',
          api_version: '2026-10-28.endive',
          livemode: false,
          created: Math.floor(Date.now() / 1000),
          data: { object: { id: 'acct_1', object: 'account' } },
        }),
      ).toBe(200);
    await gateway.settled();
    const { pool } = gateway.app.services.database;
    await pool.query(
      `update webhook_event set status = 'DEAD', attempts = 12, last_error = 'It never worked.'
        where provider_event_id = 'evt_b'`,
    );
    const all = await walked((after) => events({ first: 2, after }));
    expect(new Set(all).size).toBe((await events()).totalCount);
    expect((await events({ first: 3 })).nodes.map((node) => node.providerEventId)).toEqual(
      ids.toReversed(),
    );
    expect((await events({ channel: 'CREEM' })).nodes).toEqual([]);
    const dead = await events({ status: 'DEAD', channel: 'STRIPE' });
    expect(dead).toMatchObject({
      totalCount: 1,
      nodes: [{ providerEventId: 'evt_b', attempts: 12, lastError: 'It never worked.' }],
    });

    const id = dead.nodes[0]?.id ?? '';
    const { replayWebhookEvent } = await gateway.admin.request(ReplayWebhookEventDocument, { id });
    expect(replayWebhookEvent).toEqual({ id, status: 'RECEIVED', attempts: 0 });
    await gateway.settled();
    expect((await events({ status: 'DEAD' })).nodes).toEqual([]);
    expect((await events({ status: 'IGNORED', first: 3 })).nodes).toHaveLength(3);
    for (const none of ['x', '019a0000-0000-7000-8000-000000000000'])
      expect(await refusalOf(gateway.admin.send(ReplayWebhookEventDocument, { id: none }))).toBe(
        'NOT_FOUND: Webhook event not found.',
      );
  });
});
