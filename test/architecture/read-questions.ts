import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';

/** One field that leads to other things or is a list of them, asked of as many parents as there are. */
export interface Question {
  /** Such as `Account.orders`. */
  readonly place: string;
  /** Takes `$size`: how long every list is on the way there, and the field's own where it has pages. */
  readonly text: string;
  /** What leads there from the answer's data; `*` for each item of a list. */
  readonly path: readonly string[];
  /** Whether lists lead to it, so that there are many parents. */
  readonly isPlural: boolean;
}

interface Way {
  readonly type: GraphQLObjectType;
  readonly steps: readonly { readonly text: string; readonly path: readonly string[] }[];
  readonly isPlural: boolean;
}

/** What arguments that have to be given are given, by their place; null: the field is not asked. */
type Arguments = Readonly<Record<string, string | null>>;

/**
 * Asks for every such field that can be come to from `Query`, also those that are still to be added: each by itself, with
 * the plain fields of what it leads to, along the shortest way through a list, or the shortest of all where none does.
 */
export function questionsOf(schema: GraphQLSchema, known: Arguments): Question[] {
  const root: Way = {
    type: schema.getQueryType() as GraphQLObjectType,
    steps: [],
    isPlural: false,
  };
  const ways = new Map<string, Way>();
  const queue = [root];
  for (let way = queue.shift(); way !== undefined; way = queue.shift()) {
    const key = `${way.type.name} ${way.isPlural}`;
    if (ways.has(key)) continue;
    ways.set(key, way);
    for (const field of Object.values(way.type.getFields())) {
      const next = follow(way, field, known);
      if (next !== null) queue.push(next);
    }
  }
  const best = new Map<string, Way>();
  for (const way of ways.values())
    if (way.isPlural || !ways.has(`${way.type.name} true`)) best.set(way.type.name, way);
  return [...best.values()].flatMap((way) =>
    Object.values(way.type.getFields()).flatMap((field) => ask(way, field, known) ?? []),
  );
}

function follow(way: Way, field: GraphQLField<unknown, unknown>, known: Arguments): Way | null {
  const type = getNamedType(field.type);
  const given = argumentsOf(way.type, field, known);
  if (!isObjectType(type) || given === null) return null;
  const isList = isListType(getNullableType(field.type));
  const path = isList ? [field.name, '*'] : [field.name];
  const steps = [...way.steps, { text: `${field.name}${given}`, path }];
  return { type, steps, isPlural: way.isPlural || isList };
}

function ask(way: Way, field: GraphQLField<unknown, unknown>, known: Arguments): Question | null {
  const given = argumentsOf(way.type, field, known);
  const type = getNamedType(field.type);
  const isPlain = !isCompositeType(type) && !isListType(getNullableType(field.type));
  if (given === null || isPlain) return null;
  const asked = `${field.name}${given}${selectionOf(type, known)}`;
  const text = way.steps.reduceRight((inner, step) => `${step.text} { ${inner} }`, asked);
  const path = [...way.steps.flatMap((step) => step.path), field.name];
  const place = `${way.type.name}.${field.name}`;
  const declared = text.includes('$size') ? '($size: Int)' : '';
  return { place, text: `query ${declared} { ${text} }`, path, isPlural: way.isPlural };
}

/** Its plain fields; of a connection also those of its items. */
function selectionOf(type: GraphQLNamedType, known: Arguments): string {
  if (!isCompositeType(type)) return '';
  if (!isObjectType(type)) return ' { __typename }';
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const named = getNamedType(field.type);
    if (field.name === 'nodes') return [`nodes${selectionOf(named, known)}`];
    const given = isCompositeType(named) ? null : argumentsOf(type, field, known);
    return given === null ? [] : [`${field.name}${given}`];
  });
  return ` { __typename ${fields.join(' ')} }`;
}

/** Null: the field is not to be asked. */
function argumentsOf(
  type: GraphQLObjectType,
  { name, args }: GraphQLField<unknown, unknown>,
  known: Arguments,
): string | null {
  const place = `${type.name}.${name}`;
  const told = known[place];
  if (told === null) return null;
  if (told === undefined && args.some((arg) => isNonNullType(arg.type)))
    throw new Error(`Say what ${place} is given.`);
  const all = [told, args.some((arg) => arg.name === 'first') ? 'first: $size' : undefined];
  const given = all.filter((argument) => argument !== undefined);
  return given.length === 0 ? '' : `(${given.join(', ')})`;
}

/** How many parents have something there: an item at least, or a value. */
export function parentsWith(data: unknown, [step, ...rest]: readonly string[]): number {
  if (data === null || data === undefined) return 0;
  if (step === undefined) {
    const items = (data as { nodes?: unknown }).nodes ?? data;
    return Array.isArray(items) && items.length === 0 ? 0 : 1;
  }
  if (step !== '*') return parentsWith((data as Record<string, unknown>)[step], rest);
  return (data as unknown[]).reduce<number>((sum, item) => sum + parentsWith(item, rest), 0);
}
