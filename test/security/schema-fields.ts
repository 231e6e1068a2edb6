import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  isCompositeType,
  isInputObjectType,
  isObjectType,
  isUnionType,
} from 'graphql';
import { composeResolvers } from '../../src/app/resolvers.ts';
import type { Services } from '../../src/app/services.ts';
import { buildGraphSchema } from '../../src/graphql/schema.ts';

const schema = await buildGraphSchema(composeResolvers({} as Services));

/** The operation with all of its arguments, asking for no more than the answer's type. */
function documentOf(kind: string, { name, args, type }: GraphQLField<unknown, unknown>): string {
  const selection = isCompositeType(getNamedType(type)) ? ' { __typename }' : '';
  const declared = args.map((arg) => `$${arg.name}: ${arg.type}`).join(', ');
  const given = args.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
  if (args.length === 0) return `${kind} { ${name}${selection} }`;
  return `${kind} (${declared}) { ${name}(${given})${selection} }`;
}

const ROOTS = [
  ['Query', schema.getQueryType()],
  ['Mutation', schema.getMutationType()],
  ['Subscription', schema.getSubscriptionType()],
] as const;
/** Every operation of the schema, by its place in it. */
export const fields = ROOTS.flatMap(([root, type]) =>
  Object.values(type?.getFields() ?? {}).map((field) => ({
    place: `${root}.${field.name}`,
    isLive: root === 'Subscription',
    text: documentOf(root.toLowerCase(), field),
    field,
  })),
);

/** Every field of an account with what it needs to be asked for. */
export function accountFields(): [string, string][] {
  const type = schema.getType('Account') as GraphQLObjectType;
  return Object.values(type.getFields()).map((field) => {
    const args = field.args.some(({ name }) => name === 'metric') ? '(metric: "apiCalls")' : '';
    const selection = isCompositeType(getNamedType(field.type)) ? ' { __typename }' : '';
    return [field.name, `${field.name}${args}${selection}`];
  });
}

/** Every argument that is an id, but for the account's own. */
export function idArguments(): string[] {
  const inputs = Object.values(schema.getTypeMap())
    .filter(isInputObjectType)
    .flatMap((type) =>
      Object.values(type.getFields()).map(
        ({ name, type: value }) => [`${type.name}.${name}`, value] as const,
      ),
    );
  const plain = fields.flatMap(({ place, field }) =>
    field.args.map(({ name, type }) => [`${place}.${name}`, type] as const),
  );
  return [...inputs, ...plain]
    .filter(([place, type]) => getNamedType(type).name === 'ID' && !place.endsWith('.accountId'))
    .map(([place]) => place);
}

/** Every field that leads from this type to another one, as far as a spender may go. */
export function reach(
  type: GraphQLNamedType,
  isShown: (place: string) => boolean,
  reached: Set<string>,
): void {
  if (isUnionType(type)) for (const member of type.getTypes()) reach(member, isShown, reached);
  if (!isObjectType(type)) return;
  for (const field of Object.values(type.getFields())) {
    const next = getNamedType(field.type);
    const place = `${type.name}.${field.name}`;
    if (!isCompositeType(next) || reached.has(place)) continue;
    reached.add(place);
    if (isShown(place)) reach(next, isShown, reached);
  }
}
