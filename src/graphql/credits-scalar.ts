import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { formatCredits, parseCredits } from '../platform/money.ts';

/**
 * Exact credits. Out: a decimal string without trailing zeros. In: such a string with at most six fraction digits, or a
 * whole number within 2^53. In code: bigint micro-credits.
 */
export const CreditsScalar = new GraphQLScalarType<bigint, string>({
  name: 'Credits',
  description:
    'Exact credits: a decimal string with up to 6 fraction digits; a whole number is accepted as an integer too.',
  serialize: (value) => {
    if (typeof value !== 'bigint')
      throw new GraphQLError('Credits are bigint micro-credits in code.');
    return formatCredits(value);
  },
  parseValue: (value) => readCredits(value),
  parseLiteral: (node) => {
    if (node.kind === Kind.STRING) return readCredits(node.value, node);
    if (node.kind === Kind.INT) return readCredits(Number(node.value), node);
    throw notCredits(node);
  },
});

function readCredits(value: unknown, node?: ValueNode): bigint {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  const micro = typeof text === 'string' ? parseCredits(text) : null;
  if (micro === null) throw notCredits(node);
  return micro;
}

function notCredits(node?: ValueNode): GraphQLError {
  return new GraphQLError(
    'Credits must be a decimal string such as "12.5" (at most 6 fraction digits and 13 digits before the point) or an integer within 2^53.',
    { nodes: node, extensions: { code: 'BAD_USER_INPUT' } },
  );
}
