import { cpus } from 'node:os';

/** A Markdown table, aligned for those who read it as text. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lineOf = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = lineOf(
    widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)),
  );
  return [lineOf(head), rule, ...rows.map(lineOf)].join('\n');
}

/** The processors that a race ran on. */
export function machine(): string {
  const [first] = cpus();
  return `${cpus().length} x ${first?.model.trim() || 'CPU'}`;
}

interface Goal {
  readonly against: string;
  /** The least, or the most, that the ratio of ours to theirs is to be; neither: it is only told. */
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly unit?: '/s' | 'ms' | 'bytes';
}

/** One line of a table: what was measured, ours, beside whom, theirs, the ratio, the goal, and whether it was met. */
export function goalRow(
  what: string,
  [ours, theirs]: readonly [number, number],
  { against, atLeast, atMost, unit = atMost === undefined ? '/s' : 'ms' }: Goal,
): string[] {
  const ratio = ours / theirs;
  const shown = (value: number) =>
    unit === 'ms' ? `${value.toFixed(2)} ms` : `${Math.round(value).toLocaleString('en')}${unit}`;
  const told = [what, shown(ours), against, shown(theirs), `${ratio.toFixed(2)}x`];
  if (atLeast !== undefined)
    return [...told, `at least ${atLeast}x`, ratio >= atLeast ? 'met' : 'not met'];
  if (atMost !== undefined)
    return [...told, `at most ${atMost}x`, ratio <= atMost ? 'met' : 'not met'];
  return [...told, '', ''];
}
