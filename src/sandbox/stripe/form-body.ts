import { badRequest } from './stripe-problem.ts';

export type FormValue = string | FormValue[] | { [key: string]: FormValue };

const DEEPEST = 12;
const MOST_PARAMETERS = 2000;

/**
 * Reads Stripe's form encoding: `a[b][0][c]=x`, `a[]=x`. Objects whose keys are 0, 1, 2… are lists, except metadata, whose
 * keys are the customer's own. Throws a 400 for what cannot be read.
 */
export function decodeForm(text: string): Record<string, FormValue> {
  const root: Record<string, FormValue> = Object.create(null);
  const pairs = [...new URLSearchParams(text)];
  if (pairs.length > MOST_PARAMETERS) throw badRequest('Too many parameters.');
  for (const [name, value] of pairs) place(root, keysOf(name), value, name);
  return Object.fromEntries(
    Object.entries(root).map(([key, value]) => [key, withLists(value, key)]),
  );
}

/** The name of a parameter as Stripe writes it, from the way to it: `line_items[0][price]`. */
export function parameterName(path: readonly string[]): string {
  const [first = '', ...rest] = path;
  return first + rest.map((key) => `[${key}]`).join('');
}

function keysOf(name: string): string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);
  if (match === null) throw badRequest(`Invalid parameter name: ${name}`, { param: name });
  const inner = [...(match[2] ?? '').matchAll(/\[([^[\]]*)\]/g)].map((part) => part[1] ?? '');
  if (inner.length > DEEPEST)
    throw badRequest('Parameters are nested too deeply.', { param: name });
  return [match[1] ?? '', ...inner];
}

function place(
  root: Record<string, FormValue>,
  keys: readonly string[],
  value: string,
  name: string,
): void {
  let target = root;
  for (const key of keys.slice(0, -1)) {
    const next = target[key === '' ? nextIndex(target) : key] ?? Object.create(null);
    if (typeof next === 'string') throw badRequest(`Invalid object: ${name}`, { param: name });
    target[key === '' ? nextIndex(target) : key] = next;
    target = next as Record<string, FormValue>;
  }
  const last = keys.at(-1) ?? '';
  target[last === '' ? nextIndex(target) : last] = value;
}

function nextIndex(target: Record<string, FormValue>): string {
  return String(Object.keys(target).length);
}

function withLists(value: FormValue, name: string): FormValue {
  if (typeof value === 'string') return value;
  const entries = Object.entries(value).map(
    ([key, inner]) => [key, withLists(inner, key)] as const,
  );
  const isList = name !== 'metadata' && entries.every(([key], index) => key === String(index));
  return isList ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}
