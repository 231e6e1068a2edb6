import { type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
import { invariant } from '../platform/assert.ts';

interface Parameter {
  readonly kind: string;
  readonly index: number;
  /** Of an argument. */
  readonly name?: string;
}

interface Method {
  readonly kind?: 'internal' | 'external';
  readonly target: unknown;
  readonly methodName: string;
  readonly schemaName: string;
  readonly params?: readonly Parameter[];
  readonly getObjectType?: () => unknown;
}

/** The part of what type-graphql's decorators wrote down that is read here. */
interface DecoratorNotes {
  readonly objectTypes: readonly {
    readonly name: string;
    readonly target: unknown;
    simpleResolvers?: boolean;
  }[];
  readonly queries: readonly Method[];
  readonly mutations: readonly Method[];
  readonly subscriptions: readonly Method[];
  readonly fieldResolvers: readonly Method[];
}

type Resolve = GraphQLFieldResolver<unknown, unknown>;
type Given = (...given: Parameters<Resolve>) => unknown;

const PARAMETERS: Readonly<Record<string, (parameter: Parameter) => Given>> = {
  arg:
    ({ name = '' }) =>
    (_root, args) =>
      args[name],
  context: () => (_root, _args, context) => context,
  root: () => (root) => root,
  info: () => (_root, _args, _context, info) => info,
};

/** Fields without a resolver of their own are plain properties; by itself, type-graphql wraps each of them in a function. */
export function readFieldsDirectly(): void {
  for (const type of decoratorNotes().objectTypes) type.simpleResolvers = true;
}

/**
 * Calls the methods of resolvers with what GraphQL has given, as it is. By itself, type-graphql makes objects of classes
 * from every argument and every parent first, looking their types up in lists each time, and waits for validators that
 * nobody asked for: more than most fields cost.
 */
export function callMethodsDirectly(
  schema: GraphQLSchema,
  resolvers: ReadonlyMap<unknown, object>,
): void {
  const { queries, mutations, subscriptions, fieldResolvers, objectTypes } = decoratorNotes();
  const typeNames = new Map(objectTypes.map(({ target, name }) => [target, name]));
  const external = fieldResolvers.filter(({ kind }) => kind === 'external');
  const places = [
    ...queries.map((method) => ({ method, typeName: 'Query' })),
    ...mutations.map((method) => ({ method, typeName: 'Mutation' })),
    ...subscriptions.map((method) => ({ method, typeName: 'Subscription' })),
    ...external.map((method) => ({
      method,
      typeName: typeNames.get(method.getObjectType?.()) ?? '',
    })),
  ];
  for (const { method, typeName } of places) {
    const resolver = resolvers.get(method.target) as Record<
      string,
      (...given: unknown[]) => unknown
    >;
    // Decorators also ran for classes that somebody imported and nobody serves.
    if (resolver === undefined) continue;
    const type = schema.getType(typeName);
    const field = isObjectType(type) ? type.getFields()[method.schemaName] : undefined;
    invariant(field !== undefined, `${typeName}.${method.schemaName} is in the schema`);
    field.resolve = caller(resolver, method);
  }
}

function caller(
  resolver: Record<string, (...given: unknown[]) => unknown>,
  { methodName, params = [] }: Method,
): Resolve {
  const inOrder = params.toSorted((one, other) => one.index - other.index);
  const givers = inOrder.map((parameter) => {
    const giver = PARAMETERS[parameter.kind];
    invariant(
      giver !== undefined,
      `${methodName} takes arguments, its parent, the context and what is asked`,
    );
    return giver(parameter);
  });
  const [first, second, ...more] = givers;
  if (first === undefined) return () => resolver[methodName]?.();
  if (second === undefined) return (...given) => resolver[methodName]?.(first(...given));
  // Most have their parent and the context, and are called for every item of a list.
  if (more.length === 0)
    return (...given) => resolver[methodName]?.(first(...given), second(...given));
  return (...given) => resolver[methodName]?.(...givers.map((give) => give(...given)));
}

function decoratorNotes(): DecoratorNotes {
  return (globalThis as unknown as { TypeGraphQLMetadataStorage: DecoratorNotes })
    .TypeGraphQLMetadataStorage;
}
