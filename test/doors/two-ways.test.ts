import type { FastifyInstance } from 'fastify';
import { buildSchema, GraphQLError, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { errorFormat } from '../../src/edge/error-format.ts';
import { createGraphServer, type GraphServer } from '../../src/edge/graphql-server.ts';
import { createHttpServer } from '../../src/edge/http-server.ts';
import { NotFound, RateLimited, Unauthenticated } from '../../src/platform/errors.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { Metrics } from '../../src/platform/metrics.ts';

// Both are compared here in the open.
vi.unmock('../../src/edge/compiled-operations.ts');
vi.unmock('../../src/edge/graphql-server.ts');

const SDL = `
  type Query { ok: String item(id: ID!): Item items(first: Int): [Item!] throws(what: String!): Int strict: Item! refused: Int }
  type Mutation { add(input: AddInput!): Item }
  input AddInput { name: String! count: Int = 1 tags: [String!] }
  type Item { id: ID! name: String broken: Int! children(first: Int): [Item!] owner: Item }
`;

/** Whatever a resolver may throw, by its name. */
const THROWN: Readonly<Record<string, () => unknown>> = {
  bug: () => new TypeError('hunter2'),
  refusal: () => new NotFound('Account'),
  anonymous: () => new Unauthenticated('A key is needed.'),
  often: () => new RateLimited('Too many.', 7),
  graphql: () => new GraphQLError('hunter2', { extensions: { code: 'BAD_USER_INPUT' } }),
  away: () => Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
  text: () => 'hunter2',
  nothing: () => undefined,
  object: () => ({ message: 'hunter2' }),
};

let added = 0;

const item = (id: string) => ({ id, name: `Ünï "${id}"\n`, owner: null });
const some = (first: number | undefined, prefix: string) =>
  Array.from({ length: Math.min(first ?? 2, 3) }, (_, n) => item(`${prefix}${n}`));

const ROOT: Readonly<Record<string, (args: never) => unknown>> = {
  ok: () => 'yes',
  item: ({ id }: { id: string }) => item(id),
  items: async ({ first }: { first?: number }) => some(first, ''),
  throws: ({ what }: { what: string }) => {
    throw THROWN[what]?.();
  },
  strict: () => null,
  refused: () => Promise.reject(new NotFound('Account')),
  add: ({ input }: { input: { name: string; count: number } }) => {
    added += 1;
    return item(`${input.name}-${input.count}`);
  },
};

function schemaWithResolvers(): GraphQLSchema {
  const schema = buildSchema(SDL);
  for (const type of [schema.getQueryType(), schema.getMutationType()]) {
    for (const [name, field] of Object.entries(type?.getFields() ?? {}))
      field.resolve = (_root, args) => ROOT[name]?.(args as never);
  }
  const { broken, children } = (schema.getType('Item') as GraphQLObjectType).getFields();
  if (broken !== undefined) broken.resolve = () => Promise.reject(new NotFound('Part'));
  if (children !== undefined)
    children.resolve = ({ id }: { id: string }, { first }) => some(first, `${id}.`);
  return schema;
}

interface Door {
  readonly http: FastifyInstance;
  readonly graphServer: GraphServer;
  readonly metrics: Metrics;
}

async function openDoor({ isProduction }: { isProduction: boolean }): Promise<Door> {
  const logger = createLogger('silent');
  const metrics = new Metrics();
  const formatError = errorFormat({ logger, hidesSchema: isProduction });
  const shared = { formatError, logger, metrics, tracing: null };
  const graphServer = createGraphServer({ ...shared, schema: schemaWithResolvers(), isProduction });
  await graphServer.apollo.start();
  const http = await createHttpServer({
    ...shared,
    graphServer,
    admit: async ({ headers }) => {
      if (headers.authorization === 'Bearer wrong') throw new Unauthenticated('Unknown key.');
      if (headers.authorization === 'Bearer often') throw new RateLimited('Too many.', 3);
      return { kind: 'anonymous' };
    },
    allowedOrigins: ['https://app.example'],
    resolvers: new Map(),
    isReady: async () => true,
    renderGraphiql: null,
    routes: [],
  });
  return { http, graphServer, metrics };
}

interface Sent {
  readonly method?: 'GET' | 'POST';
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const JSON_TYPE = 'application/json';
const plain = (query: string, variables?: unknown, operationName?: unknown): Sent => ({
  body: { query, variables, operationName },
});
const withHeaders = (headers: Record<string, string>): Sent => ({ ...plain('{ ok }'), headers });
const NAMED =
  'query A { ok } query B { item(id: "1") { name } } mutation C { add(input: { name: "c" }) { id } }';
const PAGES =
  'query ($n: Int) { items(first: $n) { children(first: $n) { children(first: $n) { id } } } }';
const ADD = 'mutation ($input: AddInput!) { add(input: $input) { id name } }';

/** Requests, and whether the short way is to answer them once their operation is known. */
// biome-ignore format: a table is read by its rows.
const REQUESTS: readonly [what: string, sent: Sent, isShort: boolean][] = [
  ['a field', plain('{ ok }'), true],
  ['null for variables and name', plain('{ ok }', null, null), true],
  ['no variables and no name', { body: { query: '{ ok }' } }, true],
  ['letters beyond ASCII', plain('{ item(id: "ü") { id name } }'), true],
  ['aliases, fragments and directives', plain('query ($y: Boolean = true) { a: item(id: 1) { ...I } b: ok @skip(if: $y) __typename } fragment I on Item { id owner { id } }'), true],
  ['pages within pages, small', plain(PAGES, { n: 2 }), true],
  ['pages within pages, too large', plain(PAGES, { n: 90 }), false],
  ['a mutation', plain(ADD, { input: { name: 'x', tags: ['a'] } }), true],
  ['a mutation, one variable too many', plain(ADD, { input: { name: 'x' }, other: 1 }), true],
  ['a variable that is missing', plain(ADD, {}), true],
  ['a variable of a wrong type', plain(ADD, { input: { name: 7 } }), true],
  ['a variable with an unknown field', plain(ADD, { input: { name: 'x', more: 1 } }), true],
  ['a null that bubbles up', plain('{ ok items { id broken } }'), true],
  ['a null that bubbles up to the top', plain('{ ok strict { id } }'), true],
  ['a refusal beside data', plain('{ ok refused }'), true],
  ['a refusal and nothing else', plain('{ refused }'), true],
  ...Object.keys(THROWN).map((what): [string, Sent, boolean] => [`what is thrown: ${what}`, plain('query ($what: String!) { throws(what: $what) }', { what }), true]),
  ['the first of several operations', plain(NAMED, undefined, 'A'), true],
  ['the second', plain(NAMED, undefined, 'B'), true],
  ['none of several', plain(NAMED), false],
  ['a name that none has', plain(NAMED, undefined, 'D'), false],
  ['a name of no letters', plain('{ ok }', undefined, ''), false],
  ['a name that is no text', plain('{ ok }', undefined, 7), false],
  ['a field that does not exist', plain('{ okay }'), false],
  ['a document that cannot be read', plain('{ ok'), false],
  ['a document of nothing', plain(''), false],
  ['too deep a document', plain(`{ item(id: 1) ${'{ owner '.repeat(12)} { id } ${'}'.repeat(12)} }`), false],
  ['a subscription', plain('subscription { ok }'), false],
  ['variables in a text', plain('{ ok }', '{}'), false],
  ['variables in a list', plain('{ ok }', []), false],
  ['extensions', { body: { query: '{ ok }', extensions: {} } }, false],
  ['a persisted query', { body: { query: '{ ok }', extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } } }, false],
  ['a batch', { body: [{ query: '{ ok }' }] }, false],
  ['an empty batch', { body: [] }, false],
  ['no text', { body: { variables: {} } }, false],
  ['nothing', { body: {} }, false],
  ['null', { body: 'null' }, false],
  ['no JSON', { body: '{"query":' }, false],
  ['no body', {}, false],
  ['another case of the type', withHeaders({ 'content-type': 'Application/JSON' }), false],
  ['the type with its charset', withHeaders({ 'content-type': 'application/json; charset=utf-8' }), true],
  ['a form', withHeaders({ 'content-type': 'text/plain' }), false],
  ['an unknown type', withHeaders({ 'content-type': 'application/xml' }), false],
  ['anything accepted', withHeaders({ accept: '*/*' }), true],
  ['the new type accepted', withHeaders({ accept: 'application/graphql-response+json' }), true],
  ['the new type preferred', withHeaders({ accept: 'application/graphql-response+json,application/json;q=0.9' }), true],
  ['nothing that there is accepted', withHeaders({ accept: 'image/png' }), false],
  ['parts accepted', withHeaders({ accept: 'multipart/mixed;deferSpec=20220824, application/json' }), true],
  ['a page of another origin', withHeaders({ origin: 'https://app.example' }), true],
  ['a page of a strange origin', withHeaders({ origin: 'https://evil.example' }), true],
  ['a wrong key', withHeaders({ authorization: 'Bearer wrong' }), false],
  ['too many requests', withHeaders({ authorization: 'Bearer often' }), false],
  ['GET', { method: 'GET', url: '/graphql?query={ok}', headers: { 'apollo-require-preflight': '1' } }, false],
  ['GET without a preflight', { method: 'GET', url: '/graphql?query={ok}' }, false],
  ['GET of a mutation', { method: 'GET', url: `/graphql?query=${encodeURIComponent(NAMED)}&operationName=C`, headers: { 'apollo-require-preflight': '1' } }, false],
];

/** Headers that say when, not what. */
const OF_THE_MOMENT = ['date'];

async function ask({ http }: Door, { method = 'POST', url = '/graphql', headers, body }: Sent) {
  const response = await http.inject({
    method,
    url,
    headers: { 'x-request-id': 'the-same', 'content-type': JSON_TYPE, ...headers },
    ...(body === undefined
      ? {}
      : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const seen = Object.entries(response.headers).filter(([name]) => !OF_THE_MOMENT.includes(name));
  return { status: response.statusCode, headers: Object.fromEntries(seen), body: response.body };
}

describe('an operation that is known', () => {
  let both: Door;
  let apolloAlone: Door;
  beforeAll(async () => {
    both = await openDoor({ isProduction: false });
    apolloAlone = await openDoor({ isProduction: false });
    vi.spyOn(apolloAlone.graphServer.known, 'answer').mockReturnValue(null);
  });
  afterAll(async () => {
    for (const { http, graphServer } of [both, apolloAlone]) {
      await http.close();
      await graphServer.apollo.stop();
    }
  });

  it.each(REQUESTS)('is answered as Apollo answers it: %s', async (_what, sent, isShort) => {
    const answer = vi.spyOn(both.graphServer.known, 'answer');
    const doors = [both, apolloAlone];
    // It has to have passed once; pages are too large only this time.
    for (const door of doors)
      for (const passed of [sent, plain(PAGES, { n: 1 })]) await ask(door, passed);
    answer.mockClear();
    // Interpreted first, then as a compiled function.
    for (const _ of [1, 2, 3]) expect(await ask(both, sent)).toEqual(await ask(apolloAlone, sent));
    const wasShort = answer.mock.results.some(({ value }) => value !== null);
    expect(wasShort).toBe(isShort);
  });

  it('is counted as Apollo counts it', async () => {
    const countsOf = async (door: Door) =>
      (await door.metrics.text())
        .split('\n')
        .filter((line) => /^tollgate_graphql_operations_total/.test(line));
    const doors = [
      await openDoor({ isProduction: false }),
      await openDoor({ isProduction: false }),
    ];
    const [short, whole] = doors as [Door, Door];
    vi.spyOn(whole.graphServer.known, 'answer').mockReturnValue(null);
    for (const door of doors)
      for (const [, sent] of REQUESTS) for (const _ of [1, 2, 3]) await ask(door, sent);
    expect((await countsOf(short)).sort()).toEqual((await countsOf(whole)).sort());
    expect(await countsOf(short)).toContainEqual(expect.stringContaining('outcome="NOT_FOUND"'));
    for (const { http, graphServer } of doors) {
      await http.close();
      await graphServer.apollo.stop();
    }
  });

  it('is done once for each request', async () => {
    added = 0;
    for (const _ of [1, 2, 3, 4, 5]) await ask(both, plain(ADD, { input: { name: 'once' } }));
    await ask(both, plain(ADD, { input: { name: 7 } }));
    expect(added).toBe(5);
  });
});

describe('the short way', () => {
  it('is not shown what production hides', async () => {
    const door = await openDoor({ isProduction: true });
    const sent = plain('{ __schema { queryType { name } } }');
    for (const _ of [1, 2, 3]) expect(await ask(door, sent)).toMatchObject({ status: 400 });
    await door.http.close();
    await door.graphServer.apollo.stop();
  });

  it('is not opened by a name that no operation has, however often it comes', async () => {
    const door = await openDoor({ isProduction: false });
    const mutation = 'mutation { add(input: { name: "m" }) { id } }';
    for (const _ of [1, 2, 3, 4]) await ask(door, plain(mutation));
    added = 0;
    for (const name of ['', 'M']) {
      const refused = await ask(door, plain(mutation, undefined, name));
      expect(JSON.parse(refused.body)).toMatchObject({
        errors: [{ message: `Unknown operation named "${name}".` }],
      });
    }
    expect(added).toBe(0);
    await door.http.close();
    await door.graphServer.apollo.stop();
  });
});
