import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { PassedOperation } from '../../src/edge/passed-operation.ts';
import { SharedQueries } from '../../src/edge/shared-queries.ts';
import type { Caller } from '../../src/features/account/caller.model.ts';

const master = (n: number): Caller => ({ kind: 'master', keyId: `key-${n}`, accountId: 'a' });
const contextOf = (caller: Caller) => ({ caller, requestId: 'r', resolvers: new Map() });

function passed(text: string): PassedOperation {
  const document = parse(text);
  return { document, operation: document.definitions[0] as never, operationName: undefined };
}

/** Executions that answer with how many there were before. */
function given() {
  let executions = 0;
  const queries = new SharedQueries(async ({ operation }) => {
    executions += 1;
    const n = executions;
    await Promise.resolve();
    if (operation.name?.value === 'Broken') throw new Error(`Number ${n} broke.`);
    return { data: { n } };
  });
  const ask = (operation: PassedOperation, by = 1, variables?: object) =>
    queries.answer(operation, variables as never, contextOf(master(by)));
  const numbers = async (asked: readonly ReturnType<typeof ask>[]) =>
    (await Promise.all(asked)).map(({ body }) => JSON.parse(body ?? '').data.n);
  return { ask, numbers };
}

const query = passed('query Page { account { id } }');

describe('queries of one moment', () => {
  it('are executed once when they are the same', async () => {
    const { ask, numbers } = given();
    expect(await numbers([ask(query), ask(query), ask(query)])).toEqual([1, 1, 1]);
  });

  it('are executed apart for other keys, variables and operations', async () => {
    const { ask, numbers } = given();
    const other = passed('query Page { account { id } }');
    const asked = [
      ...[ask(query), ask(query, 2), ask(query, 1, { first: 1 }), ask(query, 1, { first: 2 })],
      ...[ask(other), ask(query, 1, { first: 1 })],
    ];
    expect(new Set((await numbers(asked)).slice(0, 5)).size).toBe(5);
    expect((await numbers(asked))[5]).toBe((await numbers(asked))[2]);
  });

  it('are executed after they were asked: who asks once one has begun is not told what it found', async () => {
    const { ask, numbers } = given();
    const first = ask(query);
    const late = new Promise<Awaited<ReturnType<typeof ask>>>((resolve) => {
      setImmediate(() => resolve(ask(query)));
    });
    expect(await numbers([first])).toEqual([1]);
    expect(await numbers([late])).toEqual([2]);
  });

  it('are all told when their execution fails', async () => {
    const { ask } = given();
    const broken = passed('query Broken { account { id } }');
    const told = await Promise.allSettled([ask(broken), ask(broken)]);
    expect(told.map((one) => one.status === 'rejected' && String(one.reason))).toEqual([
      'Error: Number 1 broke.',
      'Error: Number 1 broke.',
    ]);
  });
});

describe('mutations', () => {
  it('are executed each, at once', async () => {
    const { ask, numbers } = given();
    const mutation = passed('mutation Spend { spendCredits { id } }');
    expect(await numbers([ask(mutation), ask(mutation)])).toEqual([1, 2]);
  });
});
