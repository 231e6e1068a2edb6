import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** `any`: the variables are not known, and may say the worst. */
type Variables = Readonly<Record<string, unknown>> | 'any';

interface Document {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Variables;
  /** What fragments cost, by their name and the page that they stand in. */
  readonly known: Map<string, number>;
}

/** Where selections stand: the type that they select from, and how long the lists are that the field above asked for. */
interface Place {
  readonly typeName: string;
  readonly pageSize: number | null;
}

/** The arguments that say how many items a list has, and how many these are when nothing is said, and at the most. */
const SIZES: Readonly<Record<string, { readonly usual: number; readonly most: number }>> = {
  first: { usual: 20, most: 100 },
  days: { usual: 30, most: 366 },
};
/** Lists without such an argument: metrics, prices, cards, the entries of one moment. */
const OTHER_LIST = 10;

/**
 * What an operation costs, in points. A field costs 1; what is selected within a list counts as often as the list is long:
 * as its `first` or `days` says (20 and 30 when they do not), or 10 for lists that have neither. So pages within pages
 * multiply. Looking at the schema costs nothing here; graphql-js limits that by itself.
 */
export function operationCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): number {
  const root = schema.getRootType(operation.operation);
  if (!root) return 0;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION)
      fragments.set(definition.name.value, definition);
  }
  const given = variables === 'any' ? variables : withDefaults(operation, variables);
  const within: Document = { schema, fragments, variables: given, known: new Map() };
  return costOfAll(operation.selectionSet, { typeName: root.name, pageSize: null }, within);
}

function costOfAll({ selections }: SelectionSetNode, place: Place, document: Document): number {
  let cost = 0;
  for (const selection of selections) cost += costOf(selection, place, document);
  return cost;
}

function costOf(selection: SelectionNode, place: Place, document: Document): number {
  switch (selection.kind) {
    case Kind.FIELD:
      return costOfField(selection, place, document);
    case Kind.INLINE_FRAGMENT: {
      const typeName = selection.typeCondition?.name.value ?? place.typeName;
      return costOfAll(selection.selectionSet, { ...place, typeName }, document);
    }
    case Kind.FRAGMENT_SPREAD:
      return costOfFragment(selection.name.value, place, document);
  }
}

function costOfFragment(name: string, place: Place, document: Document): number {
  const key = `${name} ${place.pageSize}`;
  const known = document.known.get(key);
  if (known !== undefined) return known;
  const fragment = document.fragments.get(name);
  if (fragment === undefined) return 0;
  const typeName = fragment.typeCondition.name.value;
  const cost = costOfAll(fragment.selectionSet, { ...place, typeName }, document);
  document.known.set(key, cost);
  return cost;
}

function costOfField(node: FieldNode, place: Place, document: Document): number {
  const field = fieldOf(place.typeName, node.name.value, document.schema);
  if (field === null || node.selectionSet === undefined) return 1;
  const pageSize = sizeAskedFor(node, field.args, document.variables);
  const { isList, typeName } = shapeOf(field.type);
  if (typeName === null) return 1;
  const length = isList ? (pageSize ?? place.pageSize ?? OTHER_LIST) : 1;
  return 1 + length * costOfAll(node.selectionSet, { typeName, pageSize }, document);
}

/** Null for `__typename`, `__schema` and `__type`. */
function fieldOf(typeName: string, name: string, schema: GraphQLSchema) {
  const type = schema.getType(typeName);
  if (!isObjectType(type) && !isInterfaceType(type)) return null;
  return (type.getFields()[name] as GraphQLField<unknown, unknown> | undefined) ?? null;
}

function shapeOf(type: GraphQLOutputType) {
  const outer = getNullableType(type);
  const inner = getNullableType(isListType(outer) ? outer.ofType : outer);
  return { isList: isListType(outer), typeName: isCompositeType(inner) ? inner.name : null };
}

/** How long the lists are that this field asks for; null when it does not say. A size that is refused later counts too. */
function sizeAskedFor(
  node: FieldNode,
  args: readonly GraphQLArgument[],
  variables: Variables,
): number | null {
  const name = args.find((argument) => argument.name in SIZES)?.name;
  const size = name === undefined ? undefined : SIZES[name];
  if (size === undefined) return null;
  const value = node.arguments?.find((argument) => argument.name.value === name)?.value;
  if (value?.kind === Kind.INT) return sizeFrom(Number(value.value), size.usual);
  if (value?.kind !== Kind.VARIABLE) return size.usual;
  if (variables === 'any') return size.most;
  return sizeFrom(variables[value.name.value], size.usual);
}

function sizeFrom(given: unknown, usual: number): number {
  return typeof given === 'number' && given >= 0 ? given : usual;
}

function withDefaults(
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const defaults: [string, unknown][] = variableDefinitions.flatMap(({ variable, defaultValue }) =>
    defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)]] : [],
  );
  return { ...Object.fromEntries(defaults), ...variables };
}
