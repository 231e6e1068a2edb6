import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
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
  parseValue: readCredits,
  parseLiteral: (node) => {
    if (node.kind === Kind.STRING) return readCredits(node.value);
    if (node.kind === Kind.INT) return readCredits(Number(node.value));
    throw notCredits();
  },
});

function readCredits(value: unknown): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value))
    return readCredits(value.toString());
  const micro = typeof value === 'string' ? parseCredits(value) : null;
  if (micro === null) throw notCredits();
  return micro;
}

function notCredits(): GraphQLError {
  return new GraphQLError(
    'Credits must be a decimal string such as "12.5" (at most 6 fraction digits and 13 digits before the point) or an integer within 2^53.',
    { extensions: { code: 'BAD_USER_INPUT' } },
  );
}
