import { randomUUID } from 'node:crypto';
import { TRANSACTION_CURSOR } from '../../src/features/ledger/ledger.model.ts';
import { newId } from '../../src/platform/ids.ts';
import { writeCursor } from '../../src/platform/paging.ts';
import { HttpCaller } from './http-caller.ts';
import { overviewQuery } from './overview-operation.ts';
import { spendBody } from './spend-operation.ts';

/** One way of asking, again and again. */
export interface Operation {
  readonly what: string;
  /** The body of the n-th request, of an account that has so many entries. */
  readonly body: (n: number, entries: number) => string;
  /** What an answer contains that is as it should be. */
  readonly expected: string;
}

const ENTRY = 'sequence type amount balanceAfter usageType description createdAt';

// Every request tells its number in a variable that no operation has: what is asked in the same words again and again is kept, and
// what is measured here is how long it takes to be read.
const bodyOf = (query: string, asked: number, variables: object = {}) =>
  JSON.stringify({ query, variables: { ...variables, asked } });

const ask = (what: string, query: string, expected: string): Operation => ({
  what,
  body: (n) => bodyOf(query, n),
  expected,
});

/** Keys that fall anywhere among those that are there, and keys that come after all of them. */
const spendWith = (what: string, key: () => string): Operation => ({
  what,
  body: () => spendBody(key()),
  expected: '"__typename":"SpendCreditsPayload"',
});
const SPEND = spendWith('spend', randomUUID);
const OVERVIEW = ask('overview', overviewQuery, '"sequence":');

const PAGE = `query Page($after: String) { account { creditTransactions(first: 20, after: $after) {
  nodes { ${ENTRY} } pageInfo { hasNextPage endCursor } } } }`;
const middle: Operation = {
  what: 'a page from the middle',
  body: (n, entries) => {
    const after = writeCursor(TRANSACTION_CURSOR, BigInt(Math.ceil(entries / 2) + 1));
    return bodyOf(PAGE, n, { after });
  },
  expected: '"sequence":',
};

/** What is asked of ledgers of several lengths. */
export const LEDGER_OPERATIONS: readonly Operation[] = [
  SPEND,
  spendWith('spend, keys in the order of time', newId),
  OVERVIEW,
  ask('the newest page', PAGE, '"sequence":'),
  middle,
  ask(
    'a page of the grants in it',
    `query Rare { account { creditTransactions(first: 20, types: [GRANT]) { nodes { ${ENTRY} } } } }`,
    '"type":"GRANT"',
  ),
  ask(
    'how many entries there are',
    'query Count { account { creditTransactions(first: 1) { totalCount } } }',
    '"totalCount":',
  ),
];

const GRANT = 'id source amount remaining expiresAt';

/** What is asked of accounts with few and with many grants. Pages are as long as the shortest list: all answer with as much. */
export const GRANT_OPERATIONS: readonly Operation[] = [
  SPEND,
  OVERVIEW,
  ask(
    'a page of two grants',
    `query Grants { account { creditGrants(first: 2) { nodes { ${GRANT} } } } }`,
    '"source":',
  ),
  ask(
    'a page of two grants to spend',
    `query Open { account { creditGrants(first: 2, spendableOnly: true) { nodes { ${GRANT} } } } }`,
    '"source":',
  ),
];

interface Turn {
  readonly port: number;
  readonly operation: Operation;
  /** Whose account asks, for the n-th request. */
  readonly accountOf: (n: number) => number;
  readonly entries: number;
  readonly callers: number;
  readonly requests: number;
}

/** What one request costs, in milliseconds, when so many callers ask without a pause. */
export async function measureCost(turn: Turn): Promise<number> {
  const open = Array.from({ length: turn.callers }, () => HttpCaller.open(turn.port));
  const connections = await Promise.all(open);
  let asked = 0;
  const askUntilDone = async (connection: HttpCaller) => {
    while (asked < turn.requests) {
      const n = asked;
      asked += 1;
      const answer = await connection.post(turn.accountOf(n), turn.operation.body(n, turn.entries));
      if (!answer.includes(turn.operation.expected)) throw new Error(answer.slice(0, 2_000));
    }
  };
  const begun = performance.now();
  try {
    await Promise.all(connections.map(askUntilDone));
  } finally {
    for (const connection of connections) connection.close();
  }
  return (performance.now() - begun) / turn.requests;
}
