import {
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  getArgumentValues,
  getNamedType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';

type AskedFields = readonly (readonly [
  name: string,
  field: () => {
    readonly args: Readonly<Record<string, unknown>>;
    readonly asksFor: (name: string) => boolean;
  },
])[];

type Fragments = GraphQLResolveInfo['fragments'];

/** Documents are kept by whoever parses them, and so is what was found in them. */
const namesBelow = new WeakMap<FieldNode, ReadonlySet<string>>();
const fieldsOf = new WeakMap<FieldNode, readonly FieldNode[]>();
const askedFor = new WeakMap<FieldNode, AskedFields>();

/**
 * Whether a field of this name is asked for anywhere below the one that is being resolved, so that it can be read along.
 * A field that a variable leaves out counts as asked for.
 */
export function asksFor(
  { fieldNodes, fragments }: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>,
  name: string,
): boolean {
  return fieldNodes.some((node) => below(node, fragments).has(name));
}

/**
 * The fields that are asked for of what is being resolved: their names, and how each is asked for. The same object each time
 * when no variable has a part in it.
 */
export function fieldsAskedFor(info: GraphQLResolveInfo): AskedFields {
  const [node, ...others] = info.fieldNodes;
  if (node === undefined || others.length > 0) return readFieldsAskedFor(info);
  const known = askedFor.get(node);
  if (known !== undefined) return known;
  if (directFields(node, info.fragments).some(hasVariables)) return readFieldsAskedFor(info);
  const asked = readFieldsAskedFor({ ...info, variableValues: {} });
  askedFor.set(node, asked);
  return asked;
}

function readFieldsAskedFor(info: GraphQLResolveInfo): AskedFields {
  const { fragments, returnType, variableValues } = info;
  const fields = (getNamedType(returnType) as GraphQLObjectType).getFields();
  const asked = info.fieldNodes.flatMap((node) => directFields(node, fragments));
  return asked.map((node) => {
    const field = () => {
      const definition = fields[node.name.value];
      const args = definition ? getArgumentValues(definition, node, variableValues) : {};
      const within = { fieldNodes: [node], fragments };
      return { args, asksFor: (name: string) => asksFor(within, name) };
    };
    return [node.name.value, field] as const;
  });
}

function hasVariables({ arguments: given = [] }: FieldNode): boolean {
  return given.some(({ value }) => holdsVariable(value));
}

function holdsVariable(value: ValueNode): boolean {
  if (value.kind === Kind.LIST) return value.values.some(holdsVariable);
  if (value.kind === Kind.OBJECT) return value.fields.some((field) => holdsVariable(field.value));
  return value.kind === Kind.VARIABLE;
}

function below(node: FieldNode, fragments: Fragments): ReadonlySet<string> {
  const known = namesBelow.get(node);
  if (known !== undefined) return known;
  const names = new Set<string>();
  for (const field of selected(node.selectionSet, fragments)) {
    names.add(field.name.value);
    for (const name of below(field, fragments)) names.add(name);
  }
  namesBelow.set(node, names);
  return names;
}

function directFields(node: FieldNode, fragments: Fragments): readonly FieldNode[] {
  const known = fieldsOf.get(node);
  if (known !== undefined) return known;
  const found = selected(node.selectionSet, fragments);
  fieldsOf.set(node, found);
  return found;
}

/** The fields of a selection, those of its fragments among them. */
function selected(set: SelectionSetNode | undefined, fragments: Fragments): FieldNode[] {
  return (set?.selections ?? []).flatMap((selection: SelectionNode) => {
    if (selection.kind === Kind.FIELD) return [selection];
    const within =
      selection.kind === Kind.FRAGMENT_SPREAD ? fragments[selection.name.value] : selection;
    return selected(within?.selectionSet, fragments);
  });
}
