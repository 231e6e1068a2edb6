import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { composeResolvers } from '../../src/app/resolvers.ts';
import type { Services } from '../../src/app/services.ts';
import { buildGraphSchema } from '../../src/graphql/schema.ts';
import { isInBackground } from '../../src/platform/database/background.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { givenRows, MANY } from './given-rows.ts';
import { parentsWith, type Question, questionsOf } from './read-questions.ts';

// Statements are counted: nothing is to be made twice, or kept before its time.
vi.unmock('../../src/edge/kept-answers.ts');

/** How long lists are; not one, since what leads from an item may be missing in it. */
const FEW = 2;
const TRIES = 20;

let gateway: TestGateway;
let questions: readonly Question[];
let given: Awaited<ReturnType<typeof givenRows>>;
let statements = 0;
const { query } = Client.prototype;

beforeAll(async () => {
  gateway = await startGateway();
  given = await givenRows(gateway.database.ownerUrl);
  const { account, order } = given;
  questions = questionsOf(await buildGraphSchema(composeResolvers({} as Services)), {
    'Query.account': `id: "${account}"`,
    'Query.checkUsage': `metric: "apiCalls", accountId: "${account}"`,
    'Query.order': `id: "${order}"`,
    'Query.plan': 'slug: "pro"',
    // It asks a provider.
    'Query.previewPlanChange': null,
    'Account.dailyUsage': 'metric: "apiCalls"',
  });
  await gateway.settled();
  Client.prototype.query = function (this: Client, ...given: unknown[]) {
    if (!isInBackground()) statements += 1;
    return Reflect.apply(query, this, given);
  } as typeof query;
});
afterAll(async () => {
  Client.prototype.query = query;
  await gateway.close();
});

async function ask({ text }: Question, size: number) {
  const before = statements;
  const data = await gateway.admin.query(text, { size });
  return { data, statements: statements - before };
}

/** How many statements a question takes of few and of many. What happens beside a request does not happen every time. */
async function compare(question: Question) {
  let [few, many] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let data: unknown;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    few = Math.min(few, (await ask(question, FEW)).statements);
    const answer = await ask(question, MANY);
    many = Math.min(many, answer.statements);
    data = answer.data;
    if (many <= few) break;
  }
  return { few, many, seen: parentsWith(data, question.path) };
}

describe('what is read from the database', () => {
  it('takes as many statements for many as for few, wherever there is a list', async () => {
    const found: Record<string, Awaited<ReturnType<typeof compare>>> = {};
    for (const question of questions) found[question.place] = await compare(question);
    const growing = Object.entries(found).filter(([, { few, many }]) => many > few);
    const unseen = questions.filter(
      ({ place, isPlural }) => (found[place]?.seen ?? 0) < (isPlural ? FEW : 1),
    );
    expect(growing).toEqual([]);
    expect(
      unseen.map(({ place }) => place),
      'fields without rows to read',
    ).toEqual([]);
  });

  it('is the same along with an account as by itself', async () => {
    const text = `{ account(id: "${given.account}") { ...Page } accounts(first: ${MANY}) { nodes { ...Page } } } ${PAGE}`;
    const { account, accounts } = await gateway.admin.query<{
      account: { id: string; creditTransactions: { nodes: unknown[] } };
      accounts: { nodes: { id: string }[] };
    }>(text);
    expect(account.creditTransactions.nodes).toHaveLength(4);
    expect(account).toEqual(accounts.nodes.find(({ id }) => id === account.id));
  });
});

const PAGE = `fragment Page on Account {
  id status
  plan { slug }
  subscription {
    id status interval channel monthlyCredits { kind value } price { minorUnits currency } startedAt currentPeriodStart
    currentPeriodEnd trialStart trialEnd cancelAt cancelAtPeriodEnd createdAt updatedAt plan { slug }
  }
  creditBalance { total planCredits purchasedCredits promotionalCredits held available owed sequence version }
  usagePeriod { id label start end daysRemaining counters { metric kind used limit { kind value } remaining resetsAt overLimit } }
  creditTransactions(first: 4) {
    nodes {
      id sequence type usageType amount balanceAfter description metadata idempotencyKey createdAt
      allocations { amount grant { id source amount remaining priority effectiveAt expiresAt order { id } } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;
