import {
  GraphQLEnumType,
  type GraphQLFieldConfig,
  GraphQLID,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLSchema,
  GraphQLString,
  GraphQLUnionType,
} from 'graphql';
import { accountFor } from '../../src/features/account/caller.policy.ts';
import type { GraphContext } from '../../src/graphql/context.ts';
import { CreditsScalar } from '../../src/graphql/credits-scalar.ts';
import { DateTimeScalar, JsonObjectScalar, SafeIntScalar } from '../../src/graphql/scalars.ts';

export interface SpendInput {
  readonly amount: bigint;
  readonly usageType?: string | null;
  readonly description?: string | null;
  readonly metadata?: Record<string, unknown> | null;
  readonly idempotencyKey: string;
}

/** Spends the credits of an account, in the peer's own way. */
export type Spend = (accountId: string, input: SpendInput) => Promise<SpendAnswer>;

export interface BalanceAfter {
  readonly sequence: bigint;
  readonly version: bigint;
  readonly totalMicro: bigint;
  readonly planMicro: bigint;
  readonly purchasedMicro: bigint;
  readonly heldMicro: bigint;
  readonly owedMicro: bigint;
}

export type SpendAnswer =
  | { readonly refusal: 'INSUFFICIENT_CREDITS' | 'IDEMPOTENCY_CONFLICT' | 'ACCOUNT_BLOCKED' }
  | { readonly refusal: null; readonly createdAt: Date; readonly balance: BalanceAfter };

const required = (type: GraphQLOutputType): GraphQLFieldConfig<unknown, unknown> => ({
  type: new GraphQLNonNull(type as GraphQLObjectType),
});
const optional = (type: GraphQLOutputType): GraphQLFieldConfig<unknown, unknown> => ({ type });

const CreditTransaction = new GraphQLObjectType({
  name: 'CreditTransaction',
  fields: {
    id: required(GraphQLID),
    sequence: required(SafeIntScalar),
    type: required(
      new GraphQLEnumType({ name: 'CreditTransactionType', values: { SPEND: {}, GRANT: {} } }),
    ),
    usageType: optional(GraphQLString),
    amount: required(CreditsScalar),
    balanceAfter: required(CreditsScalar),
    description: optional(GraphQLString),
    metadata: optional(JsonObjectScalar),
    idempotencyKey: optional(GraphQLString),
    createdAt: required(DateTimeScalar),
  },
});

const CreditBalance = new GraphQLObjectType({
  name: 'CreditBalance',
  fields: {
    total: required(CreditsScalar),
    planCredits: required(CreditsScalar),
    purchasedCredits: required(CreditsScalar),
    promotionalCredits: required(CreditsScalar),
    held: required(CreditsScalar),
    owed: required(CreditsScalar),
    available: required(CreditsScalar),
    sequence: required(SafeIntScalar),
    version: required(SafeIntScalar),
  },
});

const BillingError = new GraphQLInterfaceType({
  name: 'BillingError',
  fields: { code: required(GraphQLString), message: required(GraphQLString) },
});

const SpendCreditsPayload = new GraphQLObjectType({
  name: 'SpendCreditsPayload',
  fields: { transaction: required(CreditTransaction), balance: required(CreditBalance) },
});

const SpendRefused = new GraphQLObjectType({
  name: 'SpendRefused',
  interfaces: [BillingError],
  fields: {
    code: required(GraphQLString),
    message: required(GraphQLString),
    httpStatus: optional(GraphQLInt),
  },
});

const SpendCreditsResult = new GraphQLUnionType({
  name: 'SpendCreditsResult',
  types: [SpendCreditsPayload, SpendRefused],
});

const SpendCreditsInput = new GraphQLInputObjectType({
  name: 'SpendCreditsInput',
  fields: {
    amount: { type: new GraphQLNonNull(CreditsScalar) },
    usageType: { type: GraphQLString },
    description: { type: GraphQLString },
    metadata: { type: JsonObjectScalar },
    idempotencyKey: { type: new GraphQLNonNull(GraphQLString) },
  },
});

/** The part of Tollgate's schema that the race uses, in plain graphql-js: one mutation, done by `spend`. */
export function peerSchema(spend: Spend): GraphQLSchema {
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { ok: optional(GraphQLString) } }),
    mutation: new GraphQLObjectType<unknown, GraphContext>({
      name: 'Mutation',
      fields: {
        spendCredits: {
          type: new GraphQLNonNull(SpendCreditsResult),
          args: { input: { type: new GraphQLNonNull(SpendCreditsInput) } },
          resolve: async (_root, { input }: { input: SpendInput }, { caller }) => {
            const accountId = accountFor(caller, null, 'spend');
            return shown(accountId, input, await spend(accountId, input));
          },
        },
      },
    }),
  });
}

function shown(accountId: string, input: SpendInput, answer: SpendAnswer) {
  if (answer.refusal !== null) {
    return { __typename: 'SpendRefused', code: answer.refusal, message: 'The spend was refused.' };
  }
  const { balance, createdAt } = answer;
  return {
    __typename: 'SpendCreditsPayload',
    transaction: {
      id: `${accountId}-${balance.sequence}`,
      sequence: Number(balance.sequence),
      type: 'SPEND',
      usageType: input.usageType,
      amount: -input.amount,
      balanceAfter: balance.totalMicro,
      description: input.description,
      metadata: input.metadata,
      idempotencyKey: input.idempotencyKey,
      createdAt,
    },
    balance: {
      total: balance.totalMicro,
      planCredits: balance.planMicro,
      purchasedCredits: balance.purchasedMicro,
      promotionalCredits: balance.totalMicro - balance.planMicro - balance.purchasedMicro,
      held: balance.heldMicro,
      owed: balance.owedMicro,
      available: balance.owedMicro > 0n ? 0n : balance.totalMicro - balance.heldMicro,
      sequence: Number(balance.sequence),
      version: Number(balance.version),
    },
  };
}
