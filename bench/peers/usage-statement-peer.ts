import {
  GraphQLBoolean,
  GraphQLInputObjectType,
  GraphQLInterfaceType,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  GraphQLUnionType,
} from 'graphql';
import { accountFor } from '../../src/features/account/caller.policy.ts';
import type { GraphContext } from '../../src/graphql/context.ts';
import { CreditsScalar } from '../../src/graphql/credits-scalar.ts';
import { DateTimeScalar, SafeIntScalar } from '../../src/graphql/scalars.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { FAR_LIMIT } from '../support/usage-operation.ts';
import { serveSchema } from './peer-server.ts';

const RECORD = {
  name: 'peer_record_usage',
  text: 'select outcome, used from peer_record_usage($1, $2, $3, $4, $5, $6, $7, $8)',
};
const PERIOD = { start: new Date('2026-01-01T00:00:00Z'), end: new Date('2100-01-01T00:00:00Z') };

interface Input {
  readonly metric: string;
  readonly quantity: number;
  readonly idempotencyKey: string;
}

// Apollo with one prepared statement per event.
await serveSchema((database) => schemaOn(database));

async function record(database: Database, accountId: string, input: Input) {
  const { metric, quantity, idempotencyKey } = input;
  const values = [
    new Date(),
    accountId,
    metric,
    quantity,
    idempotencyKey,
    PERIOD.start,
    PERIOD.end,
    FAR_LIMIT,
  ];
  const [row] = await database.query<{ outcome: string; used: bigint }>(RECORD, values);
  if (row?.outcome !== 'counted' && row?.outcome !== 'replayed')
    return { __typename: 'UsageRefused', code: row?.outcome, message: 'The event was refused.' };
  const counter = {
    metric,
    kind: 'COUNTER',
    used: Number(row.used),
    limit: { kind: 'FINITE', value: BigInt(FAR_LIMIT) * 1_000_000n },
    remaining: FAR_LIMIT - Number(row.used),
    overLimit: false,
    resetsAt: PERIOD.end,
  };
  return { __typename: 'RecordUsagePayload', counter };
}

function schemaOn(database: Database): GraphQLSchema {
  const text = { type: new GraphQLNonNull(GraphQLString) };
  const Allowance = new GraphQLObjectType({
    name: 'Allowance',
    fields: { kind: text, value: { type: CreditsScalar } },
  });
  const UsageCounter = new GraphQLObjectType({
    name: 'UsageCounter',
    fields: {
      metric: text,
      kind: text,
      used: { type: new GraphQLNonNull(SafeIntScalar) },
      limit: { type: new GraphQLNonNull(Allowance) },
      remaining: { type: SafeIntScalar },
      overLimit: { type: new GraphQLNonNull(GraphQLBoolean) },
      resetsAt: { type: DateTimeScalar },
    },
  });
  const BillingError = new GraphQLInterfaceType({
    name: 'BillingError',
    fields: { code: text, message: text },
  });
  const RecordUsageResult = new GraphQLUnionType({
    name: 'RecordUsageResult',
    types: [
      new GraphQLObjectType({
        name: 'RecordUsagePayload',
        fields: { counter: { type: new GraphQLNonNull(UsageCounter) } },
      }),
      new GraphQLObjectType({
        name: 'UsageRefused',
        interfaces: [BillingError],
        fields: { code: text, message: text },
      }),
    ],
  });
  const RecordUsageInput = new GraphQLInputObjectType({
    name: 'RecordUsageInput',
    fields: {
      metric: text,
      quantity: { type: new GraphQLNonNull(SafeIntScalar) },
      idempotencyKey: text,
    },
  });
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { ok: { type: GraphQLString } } }),
    mutation: new GraphQLObjectType<unknown, GraphContext>({
      name: 'Mutation',
      fields: {
        recordUsage: {
          type: new GraphQLNonNull(RecordUsageResult),
          args: { input: { type: new GraphQLNonNull(RecordUsageInput) } },
          resolve: (_root, { input }: { input: Input }, { caller }) =>
            record(database, accountFor(caller, null, 'record'), input),
        },
      },
    }),
  });
}
