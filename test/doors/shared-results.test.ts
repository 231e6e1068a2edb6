import { describe, expect, it } from 'vitest';
import { nameOf, SharedResult, SharedResults } from '../../src/edge/shared-results.ts';

const QUERY = 'subscription { creditBalanceChanged { balance { total } } }';
const master = { kind: 'master', keyId: 'one', accountId: 'a' } as const;

describe('the name of a subscription', () => {
  it('is the same for two keys that may see the same', () => {
    const others = { ...master, keyId: 'two' };

    expect(nameOf({ caller: master, query: QUERY })).toBe(
      nameOf({ caller: others, query: QUERY, variables: null, operationName: null }),
    );
  });

  it('is the same for two browsers of an account, whatever their tokens', () => {
    const browser = {
      kind: 'client',
      keyId: 'one',
      tokenId: 'a',
      accountId: 'a',
      expiresAt: new Date(0),
    } as const;
    const other = { ...browser, tokenId: 'b', expiresAt: new Date(1) };

    expect(nameOf({ caller: browser, query: QUERY })).toBe(nameOf({ caller: other, query: QUERY }));
    expect(nameOf({ caller: browser, query: QUERY })).not.toBe(
      nameOf({ caller: master, query: QUERY }),
    );
  });

  it.each([
    ['account', { caller: { ...master, accountId: 'b' } as const, query: QUERY }],
    ['kind of key', { caller: { kind: 'admin', keyId: 'one' } as const, query: QUERY }],
    [
      'scope',
      {
        caller: { ...master, kind: 'agent', scopes: ['billing:read'], agentId: null } as const,
        query: QUERY,
      },
    ],
    ['query', { caller: master, query: `${QUERY} ` }],
    ['operation', { caller: master, query: QUERY, operationName: 'Other' }],
    ['variable', { caller: master, query: QUERY, variables: { accountId: 'a' } }],
  ])('is another one for another %s', (_what, asked) => {
    expect(nameOf(asked)).not.toBe(nameOf({ caller: master, query: QUERY }));
  });
});

describe('shared results', () => {
  it('execute an event once for all of one name', async () => {
    const shared = new SharedResults();
    const event = {};
    let executions = 0;
    const execute = async () => new SharedResult({ data: { executions: ++executions } });

    const results = await Promise.all([
      shared.resultOf(event, 'one', execute),
      shared.resultOf(event, 'one', execute),
      shared.resultOf(event, 'other', execute),
      shared.resultOf({}, 'one', execute),
    ]);

    expect(results.map(({ result }) => result.data?.executions)).toEqual([1, 1, 2, 3]);
    expect(results[0]).toBe(results[1]);
  });
});
