import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../../support/gateway.ts';
import * as door from './ledger-door.ts';
import { refusalOf } from './ledger-door.ts';

const NOT_CREDITS = /Credits must be a decimal string such as "12.5"/;

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

describe('an amount', () => {
  it.each([
    '0.0000001',
    '1e3',
    '9007199254740993000',
    '9'.repeat(10_000),
    '-9223372036854.775808',
    ' 1',
    '1,5',
    '',
    'one',
    9_007_199_254_740_992,
    9_007_199_254_740_991,
    1.5,
    1e21,
    true,
    null,
    {},
    ['1'],
  ])('of %j is none', async (amount) => {
    const refusal = await refusalOf(spendWith({ amount }));
    expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT', status: 400 });
    if (typeof amount !== 'object') expect(refusal.message).toMatch(NOT_CREDITS);
    expect(refusal.message).toContain('input.amount');
    expect(refusal.message.length).toBeLessThan(2_000);
  });

  it.each(['9007199254740993', '1e3', '1.5', '"1e3"', '"0.0000001"', 'true'])(
    'of %s in the document is none',
    async (literal) => {
      const query = `mutation { spendCredits(input: { amount: ${literal}, idempotencyKey: "x" }) { __typename } }`;
      const refusal = await refusalOf(account.client.post({ query }));
      expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT', status: 400 });
      expect(refusal.message).toMatch(NOT_CREDITS);
    },
  );

  it.each(['0', '-0', '-1', 0, -5, '-0.000001', '0.000000'])(
    'of %j cannot be spent',
    async (amount) => {
      expect(await refusalOf(spendWith({ amount }))).toMatchObject({
        code: 'BAD_USER_INPUT',
        field: 'amount',
        message: 'amount must be more than zero.',
      });
    },
  );

  it('of nothing cannot be adjusted', async () => {
    expect(await refusalOf(adjustWith({ amount: '0' }))).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: 'amount must not be zero.',
    });
  });

  it('that the balance could not hold is refused', async () => {
    expect(await refusalOf(adjustWith({ amount: '9223372036854.775807' }))).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: 'amount would take the balance beyond what can be kept.',
    });
  });

  it('may be an integer, and a literal', async () => {
    expect((await spendWith({ amount: 2 })).errors).toEqual([]);
    const query =
      'mutation { spendCredits(input: { amount: 3, idempotencyKey: "literal" }) { __typename } }';
    expect((await account.client.post({ query })).data).toEqual({
      spendCredits: { __typename: 'SpendCreditsPayload' },
    });
  });
});

describe('a text', () => {
  const nested = (depth: number) =>
    JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`) as object;

  it.each([
    ['description', 'with a NUL', 'a\0b', 'contains a NUL character.'],
    ['usageType', 'with a NUL', '\0', 'contains a NUL character.'],
    ['idempotencyKey', 'with a NUL', 'k\0', 'contains a NUL character.'],
    ['metadata', 'with a NUL in a value', { a: ['\0'] }, 'contains a NUL character.'],
    ['metadata', 'with a NUL in a key', { a: { '\0': 1 } }, 'contains a NUL character.'],
    ['description', 'with half a character', 'a\ud800b', 'contains half of a character'],
    ['usageType', 'with half a character', '\udc00', 'contains half of a character'],
    ['idempotencyKey', 'with half a character', 'k\ud83d', 'contains half of a character'],
    ['metadata', 'with half a character', { a: '\ud800' }, 'contains half of a character'],
    ['metadata', 'with half a character in a key', { '\udfff': 1 }, 'contains half of a character'],
    ['idempotencyKey', 'that is empty', '', 'must not be empty'],
    ['idempotencyKey', 'that is blank', ' \t', 'must not be empty'],
    [
      'idempotencyKey',
      'of 256 characters',
      'k'.repeat(256),
      'is too long: at most 255 characters.',
    ],
    ['description', 'of 501 characters', 'd'.repeat(501), 'is too long: at most 500 characters.'],
    ['usageType', 'of 256 characters', 'u'.repeat(256), 'is too long: at most 255 characters.'],
    ['metadata', 'too large', { a: 'x'.repeat(8_190) }, 'is too long: at most 8192 characters.'],
    [
      'metadata',
      'of many keys',
      Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [i, i])),
      'is too long',
    ],
    ['metadata', 'too deep', nested(33), 'is nested too deeply: at most 32 levels.'],
  ])('%s %s is refused by name', async (field, _what, value, problem) => {
    const refusal = await refusalOf(spendWith({ [field]: value }));
    expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT', field });
    expect(refusal.message).toContain(problem);
  });

  it('nested deep enough to break stacks is refused, and breaks none', async () => {
    const deep = `${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}`;
    const query =
      'mutation ($input: SpendCreditsInput!) { spendCredits(input: $input) { __typename } }';
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${account.masterKey}` },
      body: `{"query":"${query}","variables":{"input":{"amount":"1","idempotencyKey":"deep","metadata":${deep}}}}`,
    });
    const { errors } = (await response.json()) as { errors: object[] };
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'metadata' } }]);
  });

  it('of metadata with a number that JSON cannot write is refused', async () => {
    const query = `mutation { spendCredits(input: { amount: 1, idempotencyKey: "big", metadata: { a: 1e999 } }) { __typename } }`;
    expect(await refusalOf(account.client.post({ query }))).toMatchObject({
      message: 'metadata contains a number that is too large.',
    });
  });

  it.each(['no object', 7, ['a'], true])('metadata may not be %j', async (metadata) => {
    expect(await refusalOf(spendWith({ metadata }))).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('comes back as it was, whatever characters are in it', async () => {
    const strange = 'C:\\u0000 \\ " \' $1 \u{1f4b8} \u2028 \ufeff \u0001 ‮ ; drop table account; --';
    const metadata = { [strange]: [strange, { deep: [null, true, -1.5e-7, 1e300] }], '': {} };
    const key = { idempotencyKey: strange, description: strange, usageType: strange, metadata };
    const first = await spendWith(key);
    const again = await spendWith(key);
    expect(first.data).toMatchObject({
      spendCredits: { transaction: { description: strange, metadata } },
    });
    expect(again.data).toEqual(first.data);
  });

  it('of the longest kind is kept', async () => {
    const kept = {
      idempotencyKey: '\u{1f4b8}'.repeat(127),
      description: 'ä'.repeat(500),
      usageType: '💸'.repeat(127),
      metadata: { a: 'x'.repeat(8_184) },
    };
    expect((await spendWith(kept)).errors).toEqual([]);
    expect((await spendWith({ metadata: nested(32) })).errors).toEqual([]);
  });

  it.each([
    ['', 'reason must not be empty.'],
    ['  ', 'reason must not be empty.'],
    ['a\0', 'reason contains a NUL character.'],
    ['\ud800', 'reason contains half of a character (a lone surrogate).'],
    ['r'.repeat(501), 'reason is too long: at most 500 characters.'],
  ])('a reason of %j is refused, whichever way the adjustment goes', async (reason, message) => {
    for (const amount of ['1', '-1'])
      expect(await refusalOf(adjustWith({ reason, amount }))).toMatchObject({ message });
  });

  it('expiresAt is for gifts that have a future', async () => {
    const expiresAt = new Date(Date.now() + 60_000);
    expect(await refusalOf(adjustWith({ amount: '-1', expiresAt }))).toMatchObject({
      message: 'expiresAt is for credits that are given, not for those taken.',
    });
    expect(
      await refusalOf(adjustWith({ amount: '1', expiresAt: new Date(Date.now() - 1) })),
    ).toMatchObject({ message: 'expiresAt must lie in the future.' });
    expect(await refusalOf(adjustWith({ expiresAt: 'tomorrow' as never }))).toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });
});
