import { getNamedType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkout, newKey, pageOf, pay, recharge } from '../flows/given-purchases.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import type { LiveClient } from '../support/live-client.ts';
import { givenCredentials, thingsOf } from './given-credentials.ts';
import { BEYOND, IDS, type Need, OPERATIONS, type Things } from './permissions.ts';
import { accountFields, fields, idArguments, reach } from './schema-fields.ts';

const MISSING = '019a0000-0000-7000-8000-000000000000';
const NOBODY: Things = {
  account: MISSING,
  order: MISSING,
  hold: MISSING,
  paymentMethod: MISSING,
  apiKey: MISSING,
};

/** What each credential may: everything that it is not refused. */
const MAY: Readonly<Record<string, readonly Need[] | 'stranger' | 'refused'>> = {
  none: ['public'],
  'agent billing:read': ['public', 'read'],
  'agent credits:spend': ['public', 'spend'],
  'agent usage:record': ['public', 'record'],
  'master key': ['public', 'read', 'spend', 'record', 'buy', 'checkIn', 'change', 'manage'],
  'another master key': 'stranger',
  'client token': ['public', 'read', 'buy', 'checkIn'],
  admin: ['public', 'read', 'spend', 'record', 'buy', 'checkIn', 'change', 'manage', 'admin'],
  'revoked key': 'refused',
  'expired token': 'refused',
  'token of a revoked key': 'refused',
};
const NO: ReadonlySet<unknown> = new Set([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'MASTER_KEY_REQUIRED',
  'NOT_FOUND',
  'INTERNAL_SERVER_ERROR',
  'GRAPHQL_VALIDATION_FAILED',
]);

let gateway: TestGateway;
let account: TestAccount;
let stranger: TestAccount;
let credentials: Map<string, string | null>;
beforeAll(async () => {
  gateway = await startGateway({ environment: { RATE_LIMIT_WRONG_KEYS: '0' } });
  account = await gateway.createAccount({ credits: '100' });
  stranger = await gateway.createAccount({ credits: '100' });
  credentials = await givenCredentials(gateway, account, stranger);
});
afterAll(() => gateway.close());

/** The code that a credential is to get; null: it is let through. */
function expected(credential: string, needs: Need): string | null {
  const may = MAY[credential];
  if (may === 'refused') return 'UNAUTHENTICATED';
  if (needs === 'public') return null;
  if (may === 'stranger') return needs === 'admin' ? 'FORBIDDEN' : 'NOT_FOUND';
  if (may?.includes(needs)) return null;
  if (credential === 'none') return 'UNAUTHENTICATED';
  return needs === 'admin' ? 'FORBIDDEN' : 'MASTER_KEY_REQUIRED';
}

async function codeByHttp(credential: string, text: string, variables: object): Promise<unknown> {
  const { errors } = await gateway
    .as(credentials.get(credential) ?? null)
    .post({ query: text, variables });
  return errors[0]?.extensions.code ?? null;
}

const sockets = new Map<string, LiveClient>();
async function codeBySocket(credential: string, text: string, variables: object): Promise<unknown> {
  const refused = MAY[credential] === 'refused' || credential === 'none';
  const known = refused ? undefined : sockets.get(credential);
  const socket = known ?? gateway.live(credentials.get(credential) ?? null);
  sockets.set(credential, socket);
  const live = socket.subscribeText(text, variables as Record<string, unknown>);
  const heard = live.next().then(
    () => null,
    () => live.ended(),
  );
  const end = (await heard) as null | { code?: number } | { extensions: { code: string } }[];
  live.stop();
  if (Array.isArray(end)) return end[0]?.extensions.code;
  return end?.code === 4401 ? 'UNAUTHENTICATED' : end;
}

describe('the matrix', () => {
  it('has a line for every operation of the schema, and no other', () => {
    expect(Object.keys(OPERATIONS).sort()).toEqual(fields.map(({ place }) => place).sort());
  });

  it('says what every argument that is an id means', () => {
    expect(Object.keys(IDS).sort()).toEqual(idArguments().sort());
  });

  it('says what can be come to without billing:read', () => {
    const starts = fields.filter(({ place }) =>
      ['spend', 'record'].includes(OPERATIONS[place]?.needs ?? ''),
    );
    const reached = new Set<string>();
    const isShown = (place: string) => BEYOND[place] !== 'read';
    for (const { field } of starts) reach(getNamedType(field.type), isShown, reached);
    expect([...reached].sort()).toEqual(Object.keys(BEYOND).sort());
  });

  it.each(fields.map(({ place, ...rest }) => [place, rest] as const))(
    '%s is for whom it is meant, and for nobody else',
    async (place, { text, isLive }) => {
      const { needs, args } = OPERATIONS[place] ?? { needs: 'public' };
      const variables = args?.(await thingsOnce()) ?? {};
      const wanted = [...credentials.keys()].map((name) => [name, expected(name, needs)] as const);
      // Those who are let through come last: what they do may be gone afterwards.
      wanted.sort(([, one], [, other]) => Number(one === null) - Number(other === null));
      const found: [string, unknown][] = [];
      for (const [credential, code] of wanted) {
        const got = await (isLive ? codeBySocket : codeByHttp)(credential, text, variables);
        found.push([credential, code === null && !isRefusal(got, place) ? null : got]);
      }
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
    },
  );

  /** Past the door, a wrong argument or a thing that is gone by now is no refusal of the credential. */
  function isRefusal(code: unknown, place: string): boolean {
    const mayBeGone = OPERATIONS[place]?.needs === 'admin' || /Hold|detach/.test(place);
    return code === 'NOT_FOUND' ? !mayBeGone : NO.has(code);
  }

  it.each(accountFields())(
    'Account.%s is shown to those who may read, and to no others',
    async (_, selection) => {
      const text = `query ($id: ID) { account(id: $id) { ${selection} } }`;
      for (const credential of credentials.keys()) {
        const got = await codeByHttp(credential, text, { id: account.id });
        expect([credential, got]).toEqual([credential, expected(credential, 'read')]);
      }
    },
  );

  it('shows a spender nothing of what needs billing:read', async () => {
    await pay(pageOf(await checkout(account, { planSlug: 'pro' })).checkoutUrl);
    const { checkoutUrl } = pageOf(await recharge(account));
    await pay(checkoutUrl);
    await gateway.settled();
    const spend = (credential: string, amount: string, selection: string) =>
      codeByHttp(
        credential,
        `mutation { spendCredits(input: { amount: "${amount}", idempotencyKey: "${newKey()}" }) { ... on SpendCreditsPayload { transaction { ${selection} } } ... on BillingError { code } } }`,
        {},
      );
    const { account: own } = await account.client.query<{
      account: { creditBalance: { available: string } };
    }>('{ account { creditBalance { available } } }');
    const all = own.creditBalance.available;
    expect(await spend('agent credits:spend', '0.1', 'account { id }')).toBe('MASTER_KEY_REQUIRED');
    const part = String(Number(all) - 1);
    const by = (cause: string) => `allocations { grant { ${cause} { id } } }`;
    // What was bought burns last: it is what is left then.
    expect(await spend('agent credits:spend', part, by('invoice'))).toBe('MASTER_KEY_REQUIRED');
    expect(await spend('agent credits:spend', '0.1', by('order'))).toBe('MASTER_KEY_REQUIRED');
    expect(await spend('master key', '0.1', by('order'))).toBeNull();
    expect(Object.entries(BEYOND).filter(([, shown]) => shown === 'read')).toHaveLength(3);
  });
});

describe('somebody else’s', () => {
  const swaps = fields.flatMap(({ place, text, isLive }) => {
    const rule = OPERATIONS[place];
    const isOwn = rule !== undefined && !['public', 'admin'].includes(rule.needs);
    return isOwn && !isLive ? [[place, text, rule] as const] : [];
  });

  it.each(swaps)('%s looks the same as one that there is not', async (_, text, rule) => {
    const own = await thingsOnce();
    const others = await strangersThingsOnce();
    for (const kind of Object.keys(NOBODY) as (keyof Things)[]) {
      const ask = (id: string) =>
        answerTo(text, rule.args?.({ ...own, [kind]: id }) ?? {}, account.masterKey);
      if (JSON.stringify(rule.args?.({ ...own, [kind]: 'swapped' })).includes('swapped')) {
        const none = await ask(NOBODY[kind]);
        expect(none).toContain('"NOT_FOUND"');
        expect(await ask(others[kind])).toBe(none);
      }
    }
  });

  async function answerTo(query: string, variables: object, key: string): Promise<string> {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query, variables }),
    });
    return `${response.status} ${await response.text()}`;
  }
});

let ownThings: Promise<Things> | null = null;
function thingsOnce(): Promise<Things> {
  ownThings ??= thingsOf(account);
  return ownThings;
}

let strangersThings: Promise<Things> | null = null;
function strangersThingsOnce(): Promise<Things> {
  strangersThings ??= thingsOf(stranger);
  return strangersThings;
}
