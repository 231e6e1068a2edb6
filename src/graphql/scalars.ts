import { GraphQLError, GraphQLScalarType } from 'graphql';
import {
  GraphQLCurrency,
  GraphQLDateTime,
  GraphQLJSONObject,
  GraphQLLocalDate,
  GraphQLSafeInt,
  GraphQLTimeZone,
  GraphQLURL,
} from 'graphql-scalars';

/** The scalars that are not our own invention. */
export const CurrencyScalar = GraphQLCurrency;
/** Written out here: `JSON.stringify` asks each Date for its text in a way that takes longer than all the rest of an entry. */
export const DateTimeScalar = new GraphQLScalarType<Date, Date | string>({
  ...GraphQLDateTime.toConfig(),
  serialize: (value) => {
    const date = GraphQLDateTime.serialize(value);
    return date instanceof Date ? textOf(date) : date;
  },
});
export const JsonObjectScalar = GraphQLJSONObject;
export const LocalDateScalar = GraphQLLocalDate;
export const SafeIntScalar = GraphQLSafeInt;
/** A stored zone was checked on its way in, and asking the calendar again costs more than the rest of an answer. */
export const TimeZoneScalar = located(
  new GraphQLScalarType<string, string>({ ...GraphQLTimeZone.toConfig(), serialize: String }),
);
export const UrlScalar = GraphQLURL;

/** The last one is remembered: what happened together is told together, to ten thousand as well. */
let lastTime = Number.NaN;
let lastText = '';

function textOf(date: Date): string {
  const time = date.getTime();
  if (time !== lastTime) lastText = date.toISOString();
  lastTime = time;
  return lastText;
}

/** Says of a wrong literal where it stands, as the other scalars do: that is how its argument is named. */
function located<Value, Shown>(
  scalar: GraphQLScalarType<Value, Shown>,
): GraphQLScalarType<Value, Shown> {
  return new GraphQLScalarType({
    ...scalar.toConfig(),
    parseLiteral: (node, variables) => {
      try {
        return scalar.parseLiteral(node, variables);
      } catch (error) {
        throw new GraphQLError((error as Error).message, { nodes: node });
      }
    },
  });
}
