import {
  type FieldNode,
  type GraphQLResolveInfo,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** Documents are kept by whoever parses them, and so is what was found in them. */
const found = new WeakMap<FieldNode, Map<string, boolean>>();

/**
 * Whether a field of this name is asked for anywhere below the one that is being resolved, so that it can be read along.
 * A field that a variable leaves out counts as asked for.
 */
export function asksFor(
  { fieldNodes, fragments }: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>,
  name: string,
): boolean {
  const isNamed = (selection: SelectionNode): boolean => {
    switch (selection.kind) {
      case Kind.FIELD:
        return selection.name.value === name || isWithin(selection.selectionSet);
      case Kind.INLINE_FRAGMENT:
        return isWithin(selection.selectionSet);
      case Kind.FRAGMENT_SPREAD:
        return isWithin(fragments[selection.name.value]?.selectionSet);
    }
  };
  const isWithin = (set: SelectionSetNode | undefined) => set?.selections.some(isNamed) ?? false;
  return fieldNodes.some((node) => {
    const known = found.get(node) ?? new Map<string, boolean>();
    found.set(node, known);
    const before = known.get(name);
    if (before !== undefined) return before;
    const isAsked = isWithin(node.selectionSet);
    known.set(name, isAsked);
    return isAsked;
  });
}
