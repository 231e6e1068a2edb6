import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { DOORS } from './given-doors.ts';
import { RawSocket } from './raw-socket.ts';

const times = (count: number, text: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => text(n)).join(' ');

/** Accounts within entries within accounts: `depth` fields deep below the account itself. */
function nested(depth: number): string {
  const levels = ['creditTransactions(first: 1)', 'nodes', 'account'];
  const fields = Array.from({ length: depth - 1 }, (_, n) => levels[n % 3]);
  const leaf = depth % 3 === 2 ? 'totalCount' : 'id';
  return `${fields.join(' { ')} { ${leaf} ${'}'.repeat(depth - 1)}`;
}

const PAGES =
  'creditTransactions(first: $first) { nodes { account { orders(first: $first) { nodes { id } } } } }';
const LITERAL_PAGES = PAGES.replaceAll('$first', '100');
const PAGES_UNSAID = `creditTransactions { nodes { account { orders { nodes { account: id plan { limits { allowance { kind value } } } } } } } }`;

// biome-ignore format: a table is read by its rows.
const REFUSED: readonly [what: string, asked: { selection: string; defining?: string; fragments?: string; variables?: object }, code: string, message: string][] = [
  ['fields nested 13 deep', { selection: nested(12) }, 'GRAPHQL_VALIDATION_FAILED', 'at most 12 deep'],
  ['fields nested 13 deep through fragments', { selection: '...Deep', fragments: `fragment Deep on Account { ... on Account { ${nested(12)} } }` }, 'GRAPHQL_VALIDATION_FAILED', 'at most 12 deep'],
  ['16 aliases', { selection: times(16, (n) => `a${n}: id`) }, 'GRAPHQL_VALIDATION_FAILED', 'at most 15 aliases'],
  ['16 aliases of __typename', { selection: times(16, (n) => `a${n}: __typename`) }, 'GRAPHQL_VALIDATION_FAILED', 'at most 15 aliases'],
  ['16 aliases in a fragment that is used twice', { selection: '...F orders { nodes { plan { id } } } ... on Account { ...F }', fragments: `fragment F on Account { ${times(8, (n) => `a${n}: id`)} }` }, 'GRAPHQL_VALIDATION_FAILED', 'at most 15 aliases'],
  ['9 directives', { selection: times(9, () => 'id @include(if: true)') }, 'GRAPHQL_VALIDATION_FAILED', 'at most 8 directives'],
  ['more than 1,000 tokens', { selection: times(1_000, () => 'id') }, 'GRAPHQL_PARSE_FAILED', '1000 tokens'],
  ['pages of 100 within pages of 100', { selection: LITERAL_PAGES }, 'GRAPHQL_VALIDATION_FAILED', '10000 are the most'],
  ['large pages named by a variable', { selection: PAGES, defining: '($first: Int)', variables: { first: 100 } }, 'GRAPHQL_VALIDATION_FAILED', '10000 are the most'],
  ['large pages named by the default of a variable', { selection: PAGES, defining: '($first: Int = 100)' }, 'GRAPHQL_VALIDATION_FAILED', '10000 are the most'],
  ['large pages in a fragment', { selection: '...P', fragments: `fragment P on Account { ${LITERAL_PAGES} }` }, 'GRAPHQL_VALIDATION_FAILED', '10000 are the most'],
  ['pages of the usual size with much in each item', { selection: PAGES_UNSAID }, 'GRAPHQL_VALIDATION_FAILED', '10000 are the most'],
  ['a page of 101', { selection: 'orders(first: 101) { nodes { id } }' }, 'BAD_USER_INPUT', 'first must be from 1 to 100'],
  ['a page of 0 by a variable', { selection: 'orders(first: $n) { nodes { id } }', defining: '($n: Int)', variables: { n: 0 } }, 'BAD_USER_INPUT', 'first must be from 1 to 100'],
];

// biome-ignore format: a table is read by its rows.
const ALLOWED: readonly [what: string, asked: { selection: string; defining?: string; variables?: object }][] = [
  ['fields nested 12 deep', { selection: nested(11) }],
  ['15 aliases', { selection: times(15, (n) => `a${n}: __typename`) }],
  ['8 directives', { selection: times(8, () => 'id @include(if: true)') }],
  ['small pages within pages, by variables', { selection: PAGES, defining: '($first: Int)', variables: { first: 20 } }],
  ['small pages within pages, by the default of a variable', { selection: PAGES, defining: '($first: Int = 20)' }],
];

describe.each(DOORS)('the limits of an operation, by %s', (_door, ask) => {
  let gateway: TestGateway;
  let account: TestAccount;
  beforeAll(async () => {
    gateway = await startGateway();
    account = await gateway.createAccount();
  });
  afterAll(() => gateway.close());

  it.each(REFUSED)('refuse %s', async (_what, asked, code, message) => {
    const [error] = await ask(gateway, account.masterKey, asked);
    expect(error?.message).toContain(message);
    expect(error?.extensions.code).toBe(code);
  });

  it.each(ALLOWED)('let pass %s', async (_what, asked) => {
    expect(await ask(gateway, account.masterKey, asked)).toEqual([]);
  });

  it('judge the same document anew by each size that its variables name', async () => {
    const asked = { selection: PAGES, defining: '($first: Int)' };
    for (const [first, errors] of [
      [20, 0],
      [100, 1],
      [20, 0],
      [100, 1],
    ] as const) {
      const heard = await ask(gateway, account.masterKey, { ...asked, variables: { first } });
      expect(heard).toHaveLength(errors);
    }
  });
});

describe('the limits of a request', () => {
  let gateway: TestGateway;
  let account: TestAccount;
  beforeAll(async () => {
    gateway = await startGateway();
    account = await gateway.createAccount();
  });
  afterAll(() => gateway.close());

  it('hold for a mutation that is sent many times at once', async () => {
    const spends = times(
      16,
      (n) => `s${n}: spendCredits(input: { amount: "1", idempotencyKey: "${n}" }) { __typename }`,
    );
    const answer = await account.client.post({ query: `mutation { ${spends} }` });
    expect(answer.status).toBe(400);
    expect(answer.errors[0]?.message).toContain('at most 15 aliases');
    const { account: after } = await account.client.query<{
      account: { creditTransactions: { nodes: { type: string }[] } };
    }>('{ account { creditTransactions { nodes { type } } } }');
    expect(after.creditTransactions.nodes.filter(({ type }) => type === 'SPEND')).toEqual([]);
  });

  it('let GraphiQL look at the schema outside production', async () => {
    const { getIntrospectionQuery } = await import('graphql');
    const answer = await gateway.as(null).post({ query: getIntrospectionQuery() });
    expect(answer.errors).toEqual([]);
  });

  it('know no persisted queries', async () => {
    const sha256Hash = 'a'.repeat(64);
    const answer = await account.client.post({
      extensions: { persistedQuery: { version: 1, sha256Hash } },
    });
    expect(answer).toMatchObject({
      data: null,
      errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } }],
    });
  });

  it('close a socket that sends several operations in one message', async () => {
    const socket = await RawSocket.open(gateway.url);
    await socket.init(account.masterKey);
    socket.send(
      JSON.stringify([
        {
          id: '1',
          type: 'subscribe',
          payload: { query: 'subscription { accountChanged { id } }' },
        },
      ]),
    );
    expect((await socket.closed).code).toBe(4400);
  });
});

describe.each(DOORS)('in production, by %s', (_door, ask) => {
  let gateway: TestGateway;
  let account: TestAccount;
  beforeAll(async () => {
    gateway = await startGateway({
      environment: {
        NODE_ENV: 'production',
        STRIPE_SECRET_KEY: 'sk_test_nobody',
        STRIPE_WEBHOOK_SECRETS: 'whsec_nobody',
        STRIPE_API_BASE: 'http://127.0.0.1:9',
        REDIRECT_ORIGINS: 'https://example.com',
      },
    });
    account = await gateway.createAccount();
  });
  afterAll(() => gateway.close());

  it.each([
    ['field', { selection: 'nam' }],
    ['argument', { selection: 'orders(frist: 1) { nodes { id } }' }],
    ['value of an enum', { selection: 'orders(statuses: [PIAD]) { nodes { id } }' }],
    [
      'value of an enum in a variable',
      {
        selection: 'orders(statuses: $s) { nodes { id } }',
        defining: '($s: [OrderStatus!])',
        variables: { s: ['PIAD'] },
      },
    ],
  ])('does not suggest the right %s for a wrong one', async (_what, asked) => {
    const [error] = await ask(gateway, account.masterKey, asked);
    expect(error?.message).toBeDefined();
    expect(error?.message).not.toMatch(/did you mean|PAID|"name"|"first"/i);
  });
});
