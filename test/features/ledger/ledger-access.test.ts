import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../../support/gateway.ts';
import { ledgerFaults } from '../../support/ledger-checker.ts';
import {
  CreateApiKeyDocument,
  GrantsDocument,
  LedgerDocument,
  type LedgerQuery,
  type LedgerQueryVariables,
  SpendCreditsDocument,
} from '../../support/operations.generated.ts';
import * as door from './ledger-door.ts';
import { refusalOf } from './ledger-door.ts';

let gateway: TestGateway;
let account: TestAccount;
beforeAll(async () => {
  gateway = await startGateway();
  account = await gateway.createAccount({ credits: '1000' });
});
afterAll(() => gateway.close());

const spendWith = (input: object, client = account.client) => door.spendWith(input, client);
const adjustWith = (input: object, client = gateway.admin) =>
  door.adjustWith(input, { gateway, account, client });

describe('an account that is named', () => {
  const nobody = '0198f7a2-0000-7000-8000-000000000000';

  it.each([nobody, 'none', '', "' or 1=1 --", '\0', `${nobody} `, nobody.replaceAll('-', '')])(
    '%j is not found with the key of another',
    async (accountId) => {
      if (accountId === '') return;
      expect(await refusalOf(spendWith({ accountId }))).toMatchObject({
        code: 'NOT_FOUND',
        message: 'Account not found.',
      });
      expect(await refusalOf(spendWith({ accountId }, gateway.admin))).toMatchObject({
        code: 'NOT_FOUND',
        message: 'Account not found.',
      });
      expect(await refusalOf(adjustWith({ accountId }))).toMatchObject({ code: 'NOT_FOUND' });
      expect(await refusalOf(adjustWith({ accountId, amount: '-1' }))).toMatchObject({
        code: 'NOT_FOUND',
      });
    },
  );

  it('of somebody else looks like none', async () => {
    const other = await gateway.createAccount();
    expect(await refusalOf(spendWith({ accountId: other.id }))).toMatchObject({
      code: 'NOT_FOUND',
      message: 'Account not found.',
    });
  });

  it('must be, by an administrator', async () => {
    for (const accountId of [undefined, null, ''])
      expect(await refusalOf(spendWith({ accountId }, gateway.admin))).toMatchObject({
        code: 'BAD_USER_INPUT',
        message: 'accountId is required with an admin key.',
      });
  });

  it('may be in capitals: it is the same account, with the same keys', async () => {
    const input = { idempotencyKey: 'capitals', accountId: account.id };
    const small = await spendWith(input, gateway.admin);
    const large = await spendWith({ ...input, accountId: account.id.toUpperCase() }, gateway.admin);
    expect(small.errors).toEqual([]);
    expect(large.data).toEqual(small.data);
  });

  it('cannot adjust itself', async () => {
    expect(await refusalOf(adjustWith({}, account.client))).toMatchObject({
      code: 'FORBIDDEN',
      status: 403,
    });
    expect(await refusalOf(adjustWith({}, gateway.as(null)))).toMatchObject({
      code: 'UNAUTHENTICATED',
      status: 401,
    });
  });
});

describe('a page', () => {
  it.each([0, -1, 101])('of %d items is refused', async (first) => {
    for (const document of [LedgerDocument, GrantsDocument])
      expect(
        await refusalOf(account.client.send(document as typeof LedgerDocument, { first })),
      ).toMatchObject({
        code: 'BAD_USER_INPUT',
        message: 'first must be from 1 to 100.',
      });
  });

  it('goes on where the one before it ended, to the first entry', async () => {
    const seen: number[] = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof ledgerPage>> = await ledgerPage(after);
      seen.push(...page.edges.map(({ node }) => node.sequence));
      expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
      after = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null;
    } while (after !== null);
    expect(seen).toEqual(Array.from(seen, (_, index) => seen.length - index));
  });

  async function ledgerPage(after: string | null) {
    const { account: own } = await account.client.request(LedgerDocument, { first: 3, after });
    if (!own) throw new Error('no account');
    return own.creditTransactions;
  }

  it('takes no cursor of another list, nor one that was made up', async () => {
    const { endCursor } = (await ledgerPage(null)).pageInfo;
    const forged = Buffer.from('credit-transaction:1; drop').toString('base64url');
    for (const [document, after] of [
      [GrantsDocument, endCursor],
      [LedgerDocument, forged],
      [LedgerDocument, 'x'],
      [GrantsDocument, ''],
    ] as const)
      expect(
        await refusalOf(account.client.send(document as typeof LedgerDocument, { after })),
      ).toMatchObject({
        code: 'BAD_USER_INPUT',
        field: 'after',
      });
  });

  it('of one kind of entry counts that kind', async () => {
    const { account: own } = await account.client.request(LedgerDocument, {
      types: ['ADJUSTMENT'],
    });
    expect(own?.creditTransactions.edges.every(({ node }) => node.type === 'ADJUSTMENT')).toBe(
      true,
    );
    expect(own?.creditTransactions.totalCount).toBe(own?.creditTransactions.edges.length);
    expect(
      await refusalOf(account.client.send(LedgerDocument, { types: ['GIFT' as never] })),
    ).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('of several kinds of entries, spends among them or not, are those of the whole list, page by page', async () => {
    const own = await gateway.createAccount({ credits: '500' });
    for (const n of [1, 2, 3, 4, 5, 6]) {
      await spendWith({}, own.client);
      if (n % 2 === 0) await adjustWith({ accountId: own.id, amount: `-${n}` });
    }
    const all = await entriesOf(own, null);
    expect(new Set(all.map(({ type }) => type)).size).toBeGreaterThan(2);
    const kinds = [
      '',
      'SPEND',
      'ADJUSTMENT',
      'GRANT,ADJUSTMENT,GRANT',
      'SPEND,ADJUSTMENT',
      'EXPIRY,SPEND',
    ];
    for (const wanted of kinds.map((types) => types.split(',').filter(Boolean)))
      expect(await entriesOf(own, wanted)).toEqual(all.filter(({ type }) => wanted.includes(type)));
  });

  /** All pages of two entries; every one of them has to tell how many there are in all. */
  async function entriesOf({ client }: TestAccount, types: readonly string[] | null) {
    const seen: { type: string; sequence: number }[] = [];
    const counts = new Set<number | null | undefined>();
    let after: string | null = null;
    do {
      const variables: LedgerQueryVariables = { first: 2, after, types: types as never };
      const { account: own }: LedgerQuery = await client.request(LedgerDocument, variables);
      const { edges, pageInfo, totalCount } = own?.creditTransactions ?? noPage();
      seen.push(...edges.map(({ node: { type, sequence } }) => ({ type, sequence })));
      counts.add(totalCount);
      after = pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null;
    } while (after !== null);
    expect([...counts]).toEqual([seen.length]);
    return seen;
  }

  function noPage(): never {
    throw new Error('no account');
  }
});

describe('a spend', () => {
  it('with a key that was used otherwise is a conflict, and stays one', async () => {
    const input = { amount: '1', idempotencyKey: 'conflict', metadata: { a: 1, b: 2 } };
    await account.client.request(SpendCreditsDocument, { input });
    for (const change of [
      { amount: '2' },
      { description: 'x' },
      { usageType: 'x' },
      { metadata: { a: 1 } },
      { metadata: null },
    ]) {
      const { spendCredits } = await account.client.request(SpendCreditsDocument, {
        input: { ...input, ...change },
      });
      expect(spendCredits).toMatchObject({
        __typename: 'IdempotencyConflict',
        code: 'IDEMPOTENCY_CONFLICT',
        idempotencyKey: 'conflict',
      });
    }
    const { spendCredits } = await account.client.request(SpendCreditsDocument, {
      input: { ...input, amount: '1.000000', metadata: { b: 2, a: 1 } },
    });
    expect(spendCredits.__typename).toBe('SpendCreditsPayload');
  });

  it('that was refused may be tried again with its key', async () => {
    const poor = await gateway.createAccount({ credits: '1' });
    const input = { amount: '5', idempotencyKey: 'again' };
    const { spendCredits: refused } = await poor.client.request(SpendCreditsDocument, { input });
    expect(refused).toMatchObject({
      __typename: 'InsufficientCredits',
      required: '5',
      available: '1',
      httpStatus: 402,
    });
    await adjustWith({ accountId: poor.id, amount: '4' });
    const { spendCredits } = await poor.client.request(SpendCreditsDocument, { input });
    expect(spendCredits).toMatchObject({ balance: { available: '0' } });
  });

  it('stops at the very instant at which the account is blocked; what was done is still told', async () => {
    const blocked = await gateway.createAccount({ credits: '10' });
    const database = gateway.app.services.database;
    const set = (what: string) =>
      database.pool.query(`update account set ${what} where id = $1`, [blocked.id]);
    const spend = async (idempotencyKey: string) =>
      (
        await blocked.client.request(SpendCreditsDocument, {
          input: { amount: '1', idempotencyKey },
        })
      ).spendCredits;
    await set(`blocked_at = now() + interval '1 hour'`);
    expect((await spend('before')).__typename).toBe('SpendCreditsPayload');
    await set(`blocked_at = now() - interval '1 millisecond'`);
    expect(await spend('after')).toMatchObject({ __typename: 'AccountBlocked' });
    expect((await spend('before')).__typename).toBe('SpendCreditsPayload');
    for (const status of ['SUSPENDED', 'DELETED']) {
      await set(`blocked_at = null, status = '${status}'`);
      expect(await spend('after')).toMatchObject({ __typename: 'AccountBlocked', status });
    }
    const taken = await adjustWith({ accountId: blocked.id, amount: '-1' });
    expect(taken.errors).toEqual([]);
    expect(taken.data).toMatchObject({ adjustCredits: { __typename: 'SpendCreditsPayload' } });
    await set(`status = 'READONLY'`);
    expect((await spend('after')).__typename).toBe('SpendCreditsPayload');
  });

  it('needs the scope credits:spend of an agent key, and reading needs billing:read', async () => {
    const keyWith = async (scopes: string[]) => {
      const { createApiKey } = await account.client.request(CreateApiKeyDocument, {
        input: { kind: 'AGENT', name: 'An agent', scopes, agentId: 'agent-7' },
      });
      return gateway.as(createApiKey.secret);
    };
    const spender = await keyWith(['credits:spend']);
    const input = { amount: '1', idempotencyKey: 'by-agent' };
    const { spendCredits } = await spender.request(SpendCreditsDocument, { input });
    expect(spendCredits.__typename).toBe('SpendCreditsPayload');
    expect(await refusalOf(spender.send(LedgerDocument, {}))).toMatchObject({
      code: 'MASTER_KEY_REQUIRED',
      status: 403,
    });
    const reader = await keyWith(['billing:read', 'usage:record']);
    expect((await reader.send(LedgerDocument, {})).errors).toEqual([]);
    expect(await refusalOf(reader.send(SpendCreditsDocument, { input }))).toMatchObject({
      code: 'MASTER_KEY_REQUIRED',
      status: 403,
      message: expect.stringContaining('credits:spend'),
    });
  });

  it('leaves a rightful ledger behind, after all this', async () => {
    expect(await ledgerFaults(gateway.app.services.database)).toEqual([]);
  });
});
