import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newKey } from '../../flows/given-purchases.ts';
import { startGateway, type TestAccount, type TestGateway } from '../../support/gateway.ts';
import {
  AdjustCreditsDocument,
  AuditEventsDocument,
  CreateApiKeyDocument,
  CreatePlanDocument,
  RevokeApiKeyDocument,
  SpendCreditsDocument,
  UpdateAccountDocument,
} from '../../support/operations.generated.ts';

let gateway: TestGateway;
let account: TestAccount;
beforeAll(async () => {
  gateway = await startGateway();
  account = await gateway.createAccount();
});
afterAll(() => gateway.close());

const events = async (variables: object = {}) =>
  (await gateway.admin.request(AuditEventsDocument, variables)).auditEvents.nodes;
const lastOf = async (action: string) => (await events({ first: 1, action }))[0];
const adjust = (input: object) =>
  gateway.admin.send(AdjustCreditsDocument, {
    input: {
      accountId: account.id,
      amount: '1',
      reason: 'Why not.',
      idempotencyKey: newKey(),
      ...input,
    },
  });

describe('the trail', () => {
  it('says who did what, to whom, with what, when and in which request', async () => {
    const before = Date.now();
    await adjust({ amount: '2.5', reason: 'A gift.' });
    const event = await lastOf('adjustCredits');
    expect(event).toMatchObject({
      actorKind: 'ADMIN',
      actorKeyId: 'settings',
      accountId: account.id,
      outcome: 'DONE',
      input: { accountId: account.id, amount: '2500000', reason: 'A gift.' },
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(Date.parse(event?.at ?? '')).toBeGreaterThanOrEqual(before);
  });

  it('knows the account that was made, and the one whose key it was', async () => {
    const made = await gateway.createAccount();
    expect(await lastOf('createAccount')).toMatchObject({ accountId: made.id });
    const { createApiKey } = await gateway.admin.request(CreateApiKeyDocument, {
      input: { accountId: made.id, kind: 'MASTER', name: 'By an administrator' },
    });
    await gateway.admin.request(RevokeApiKeyDocument, { id: createApiKey.apiKey.id });
    expect(await lastOf('revokeApiKey')).toMatchObject({
      accountId: made.id,
      actorKind: 'ADMIN',
      input: { id: createApiKey.apiKey.id },
    });
    expect((await events({ accountId: made.id })).map(({ action }) => action)).toEqual([
      'revokeApiKey',
      'createApiKey',
      'createAccount',
    ]);
  });

  it('keeps an account’s own dealings with keys, and nothing else that it does', async () => {
    const { createApiKey } = await account.client.request(CreateApiKeyDocument, {
      input: { kind: 'AGENT', name: 'An agent', scopes: ['credits:spend'] },
    });
    const input = { amount: '0.5', idempotencyKey: newKey() };
    await account.client.request(SpendCreditsDocument, { input });
    await gateway.as(createApiKey.secret).send(CreateApiKeyDocument, {
      input: { kind: 'MASTER', name: 'Refused' },
    });
    const [last] = await events({ first: 1 });
    expect(last).toMatchObject({
      action: 'createApiKey',
      actorKind: 'MASTER',
      accountId: account.id,
      input: { name: 'An agent', scopes: ['credits:spend'] },
    });
    expect(last?.actorKeyId).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.stringify(last)).not.toContain(createApiKey.secret.split('_')[3]);
  });

  it('keeps what an administrator was refused, with its code', async () => {
    await adjust({ amount: '-1000000' });
    expect(await lastOf('adjustCredits')).toMatchObject({ outcome: 'INSUFFICIENT_CREDITS' });
    await adjust({ reason: ' ' });
    expect(await lastOf('adjustCredits')).toMatchObject({ outcome: 'BAD_USER_INPUT' });
    const none = '019a0000-0000-7000-8000-000000000000';
    await gateway.admin.send(UpdateAccountDocument, { input: { accountId: none, name: 'x' } });
    expect(await lastOf('updateAccount')).toMatchObject({ outcome: 'NOT_FOUND', accountId: none });
  });

  it('has one event for each of many deeds at once', async () => {
    const reasons = Array.from({ length: 20 }, (_, index) => `Reason ${index}.`);
    await Promise.all(
      reasons.map((reason, index) => adjust({ reason, amount: index % 2 ? '0.5' : '-0.5' })),
    );
    const found = await events({ first: 20, action: 'adjustCredits' });
    expect(found.map(({ input }) => String(input.reason)).sort()).toEqual(reasons.toSorted());
    for (const { outcome } of found) expect(outcome).toBe('DONE');
  });

  it('is written with the deed or not at all, and the deed not without it', async () => {
    const { pool } = gateway.app.services.database;
    const count = async (table: string) =>
      (await pool.query(`select count(*) from ${table}`)).rows[0].count;
    const taken = { slug: 'audited', name: 'A plan', monthlyCredits: { kind: 'CUSTOM' as const } };
    await gateway.admin.request(CreatePlanDocument, { input: taken });
    const [plans, before] = [await count('plan'), await count('audit_event')];
    expect((await gateway.admin.send(CreatePlanDocument, { input: taken })).errors).toHaveLength(1);
    expect(await count('audit_event')).toBe(before + 1n);
    expect(await lastOf('createPlan')).toMatchObject({ outcome: 'BAD_USER_INPUT' });

    await asOwner(
      'alter table audit_event add constraint none_more check (outcome <> $$DONE$$) not valid',
    );
    const { errors } = await gateway.admin.send(CreatePlanDocument, {
      input: { ...taken, slug: 'unheard-of' },
    });
    await asOwner('alter table audit_event drop constraint none_more');
    expect(errors[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
    expect(await count('plan')).toBe(plans);
  });

  it('takes whatever JSON can hold, without what is secret by its name', async () => {
    const metadata = {
      token: 'hush',
      list: Array(30).fill(1),
      text: 'a'.repeat(2_000),
      bad: '\u0000',
    };
    await gateway.admin.send(SpendCreditsDocument, {
      input: { accountId: account.id, amount: '0.1', idempotencyKey: newKey(), metadata },
    });
    const event = await lastOf('spendCredits');
    const kept = event?.input.metadata as typeof metadata;
    expect(kept).toMatchObject({ token: '[redacted]', bad: '\u0000' });
    expect(kept.list).toHaveLength(21);
    expect(kept.text).toHaveLength(501);
  });

  it('is never changed', async () => {
    const change = "update audit_event set outcome = 'x'";
    await expect(gateway.app.services.database.pool.query(change)).rejects.toThrow('permission');
    for (const statement of [change, 'delete from audit_event', 'truncate audit_event'])
      await expect(asOwner(statement)).rejects.toThrow('append-only');
  });
});

async function asOwner(statement: string): Promise<void> {
  const { Client } = await import('pg');
  const client = new Client({ connectionString: gateway.database.ownerUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
