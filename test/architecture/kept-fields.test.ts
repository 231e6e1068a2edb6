import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  buildSchema,
  type GraphQLNamedType,
  getNamedType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { KeptAnswers } from '../../src/edge/kept-answers.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));
const ARGUMENTS: Readonly<Record<string, string>> = {
  'Query.account': '(id: $id)',
  'Query.apiKeys': '(accountId: $id)',
  'Query.checkUsage': '(metric: "apiCalls", accountId: $id)',
  'Query.order': '(id: $id)',
  'Query.plan': '(slug: "pro")',
  'Query.previewPlanChange': '(planSlug: "pro", interval: MONTH, accountId: $id)',
  'Account.creditTransactions': '(first: 2)',
  'Account.dailyUsage': '(metric: "apiCalls")',
};

/** Fields below others that cannot be kept, and are shown by themselves not to be. */
const NOT_KEPT: readonly string[] = [
  'CreditTransaction.account',
  'CreditTransactionConnection.totalCount',
  'CreditGrant.order',
  'CreditGrant.invoice',
];

let gateway: TestGateway;
let account: TestAccount;
beforeAll(async () => {
  gateway = await startGateway();
  account = await gateway.createAccount();
  const { clock, database, ledger } = gateway.app.services;
  for (const kind of ['order', 'invoice'] as const) {
    const grant = {
      ...{ accountId: account.id, source: 'PURCHASE' as const, amountMicro: 1n, expiresAt: null },
      ...{ effectiveAt: clock.now(), cause: { kind, id: randomUUID() }, description: 'Paid.' },
    };
    await database.transaction((tx) => ledger.grantCredits(tx, grant));
  }
  await gateway.settled();
});
afterAll(() => gateway.close());

/** Every field of a type, with its arguments, each as it is asked for. */
function fieldsOf(typeName: string): [name: string, asked: string][] {
  const type = schema.getType(typeName);
  if (!isObjectType(type)) throw new Error(typeName);
  return Object.values(type.getFields()).map((field) => {
    const below = leavesOf(getNamedType(field.type));
    return [field.name, `${field.name}${ARGUMENTS[`${typeName}.${field.name}`] ?? ''} ${below}`];
  });
}

/** Everything below a field that needs no arguments, down to the leaves; of what leads back to an account, nothing. */
function leavesOf(type: GraphQLNamedType, above: readonly string[] = ['Account']): string {
  if (isLeafType(type)) return '';
  if (!isObjectType(type) || above.includes(type.name)) return '{ __typename }';
  const fields = Object.values(type.getFields()).filter(
    ({ name, args }) =>
      !args.some(isRequiredArgument) && !NOT_KEPT.includes(`${type.name}.${name}`),
  );
  const below = [...above, type.name];
  return `{ ${fields.map(({ name, type: of }) => `${name} ${leavesOf(getNamedType(of), below)}`).join(' ')} }`;
}

/** Whether an answer is kept when this is asked for in it beside what can be kept by itself. */
async function isKept(asked: string): Promise<boolean> {
  const looked = vi.spyOn(KeptAnswers.prototype, 'stillRight');
  const query = `query ($id: ID!) { self: account(id: $id) { id } ${asked} }`;
  // The first goes through Apollo.
  for (let times = 0; times < 3; times += 1)
    await gateway.admin.post({ query, variables: { id: account.id } });
  const { length } = looked.mock.calls;
  looked.mockRestore();
  return length > 0;
}

async function keptOf(fields: readonly (readonly [name: string, asked: string])[]) {
  const kept: string[] = [];
  for (const [name, asked] of fields) if (await isKept(asked)) kept.push(name);
  return kept;
}

// Whoever adds a field to one of these lists has made sure that everything it is read from is in a stamp, reckoned again, or
// the catalogue's.
describe('an answer', () => {
  it('is kept with these fields of an account, and with no other', async () => {
    const fields = fieldsOf('Account');
    const within = fields.map(([name, asked]) => [name, `account(id: $id) { ${asked} }`] as const);
    expect((await keptOf(within)).toSorted()).toEqual([
      ...[
        'canDeploy',
        'canExecute',
        'createdAt',
        'creditBalance',
        'creditTransactions',
        'currency',
      ],
      ...['daysRemaining', 'email', 'externalId', 'id', 'name', 'nextStatuses', 'plan', 'status'],
      ...['statusEndsAt', 'statusSince', 'subscription', 'timeZone', 'usagePeriod'],
    ]);
  });

  it('is kept with these queries, and with no other', async () => {
    expect((await keptOf(fieldsOf('Query'))).toSorted()).toEqual([
      ...['account', 'creditPackages', 'plan', 'plans', 'publishableKey'],
    ]);
  });

  it('is kept with entries and where they went, but not with how many there are, nor with what paid for them', async () => {
    const nodes = (asked: string) =>
      `account(id: $id) { creditTransactions(first: 2) { nodes { ${asked} } } }`;
    expect(await isKept(nodes('sequence allocations { amount grant { id remaining } }'))).toBe(
      true,
    );
    for (const paid of ['order { id }', 'invoice { id }'])
      expect(await isKept(nodes(`allocations { grant { ${paid} } }`))).toBe(false);
    expect(await isKept(nodes('account { id }'))).toBe(false);
    const counted = 'account(id: $id) { creditTransactions(first: 2) { totalCount } }';
    expect(await isKept(counted)).toBe(false);
    const some = 'account(id: $id) { creditTransactions(types: [GRANT]) { nodes { id } } }';
    expect(await isKept(some)).toBe(false);
  });
});
