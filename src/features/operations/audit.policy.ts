import type { Caller } from '../account/caller.model.ts';

const KEY_OPERATIONS = new Set(['createApiKey', 'revokeApiKey', 'createClientToken']);
const SECRET = /secret|token|password|authorization/i;
const DEEPEST = 6;
const MOST_ITEMS = 20;
const LONGEST_TEXT = 500;

/** Whether what this caller does is written down: all that an administrator does, and what anybody does with keys. */
export function isAudited(caller: Caller, action: string): boolean {
  return caller.kind === 'admin' || (caller.kind === 'master' && KEY_OPERATIONS.has(action));
}

/**
 * What a client sent, as the trail keeps it: plain JSON, without what is secret by its name, cut where it is very long. The
 * fields of `input` stand beside the other arguments.
 */
export function auditedInput(
  args: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { input, ...others } = args;
  const fields = typeof input === 'object' && input !== null ? { ...input } : {};
  return plain({ ...others, ...fields }, 0) as Record<string, unknown>;
}

function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return shortened(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEEPEST) return '…';
  if (Array.isArray(value)) return shortList(value.map((item) => plain(item, depth + 1)));
  if (Object.keys(value).length === 0 && String(value) !== '[object Object]')
    return shortened(String(value));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([name, inner]) => [name, SECRET.test(name) ? '[redacted]' : plain(inner, depth + 1)]),
  );
}

function shortList(items: readonly unknown[]): unknown[] {
  if (items.length <= MOST_ITEMS) return [...items];
  return [...items.slice(0, MOST_ITEMS), `… ${items.length - MOST_ITEMS} more`];
}

function shortened(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;
}
