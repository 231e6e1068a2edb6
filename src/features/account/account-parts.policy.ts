import type {
  AccountPart,
  AccountParts,
  AskedFields,
  WantedPart,
  WantedParts,
} from './account-parts.model.ts';

/** The parts that the fields which are asked for are made of; what is asked for in two ways is left out. */
export function partsFor(parts: readonly AccountPart<unknown>[], asked: AskedFields): WantedParts {
  const wanted: WantedPart[] = [];
  for (const part of parts) {
    const fields = asked.filter(([name]) => part.fields.includes(name));
    if (fields.length === 0) continue;
    const ways = fields.map(([, field]) => (part.argumentOf ? part.argumentOf(field()) : ''));
    const [argument = null, ...others] = ways;
    if (argument !== null && others.every((other) => other === argument))
      wanted.push({ part, argument });
  }
  return {
    parts: wanted,
    name: wanted.map(({ part }) => part.name).join('_'),
    argumentsAsJson: wanted.map(({ argument }) => `,${JSON.stringify(argument)}`).join(''),
  };
}

/** What was read of a part along with an account, in the way that the field wants; undefined: it was not. */
export function readAlong<Value>(
  parts: AccountParts | undefined,
  part: AccountPart<Value>,
  argument: string | null = '',
): { readonly value: Value } | undefined {
  const read = parts?.get(part.name);
  return read?.argument === argument ? (read as { value: Value }) : undefined;
}
