import { defaultFieldResolver, type GraphQLSchema } from 'graphql';
import { BillingErrorType } from './billing-error.ts';
import type { GraphContext } from './context.ts';

/** Sees every mutation before it is done, does it, and sees what came of it. */
export type Witness = (
  deed: {
    readonly action: string;
    readonly args: Readonly<Record<string, unknown>>;
    readonly caller: GraphContext['caller'];
    readonly requestId: string;
  },
  work: () => Promise<unknown>,
  refusalIn: (outcome: unknown) => string | null,
) => Promise<unknown>;

/** Lets `witness` see every mutation of this schema, those that will be added too. */
export function witnessMutations(schema: GraphQLSchema, witness: Witness): GraphQLSchema {
  for (const [action, field] of Object.entries(schema.getMutationType()?.getFields() ?? {})) {
    const resolve = field.resolve ?? defaultFieldResolver;
    field.resolve = (source, args, ctx: GraphContext, info) => {
      const { caller, requestId } = ctx;
      const work = async () => resolve(source, args, ctx, info);
      return witness({ action, args, caller, requestId }, work, refusalIn);
    };
  }
  return schema;
}

function refusalIn(outcome: unknown): string | null {
  return outcome instanceof BillingErrorType ? outcome.code : null;
}
