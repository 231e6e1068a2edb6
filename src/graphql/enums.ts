import { registerEnumType } from 'type-graphql';

/** A TypeScript union of words as a GraphQL enum. */
export function enumOf<const Values extends readonly string[]>(
  name: string,
  values: Values,
  description?: string,
): Record<string, string> {
  const type = Object.fromEntries(values.map((value) => [value, value]));
  registerEnumType(type, { name, ...(description === undefined ? {} : { description }) });
  return type;
}

export const ChannelEnum = enumOf('Channel', ['STRIPE', 'CREEM'], 'A payment provider.');
export const IntervalEnum = enumOf('Interval', ['MONTH', 'YEAR']);
