import { goalRow, machine, table } from './report-text.ts';

/** What an operation costs, in milliseconds, in the order in which the stages grow. */
export interface Cost {
  readonly what: string;
  readonly ms: readonly number[];
}

export interface LedgerStage {
  readonly length: number;
  readonly databaseUrl: string;
  readonly filledMs: number;
  readonly bytes: number;
}

interface GrowthRun {
  readonly ledgers: readonly LedgerStage[];
  readonly byLength: readonly Cost[];
  readonly grants: readonly number[];
  readonly byGrants: readonly Cost[];
  /** Of each ledger, in milliseconds. */
  readonly vacuums: readonly number[];
  readonly repetitions: number;
}

const HEAD = ['', 'grown', 'beside', '', 'ratio', 'goal', ''];
const FLAT = 1.3;

/** The section of RESULTS.md. */
export function growthReport(run: GrowthRun): string {
  const lengths = run.ledgers.map(({ length }) => `${count(length)} entries`);
  const grants = run.grants.map(
    (number) => `${count(number)} ${number === 1 ? 'grant' : 'grants'}`,
  );
  return [
    table(HEAD, [...rows(run.byLength, lengths), ...rows(run.byGrants, grants)]),
    '',
    table(
      ['ledger', 'filled in', 'database', 'vacuum after the race'],
      run.ledgers.map(({ length, filledMs, bytes }, index) => [
        `${count(length)} entries`,
        `${(filledMs / 1_000).toFixed(1)} s`,
        `${Math.round(bytes / 1_048_576).toLocaleString('en')} MiB`,
        `${(run.vacuums[index] ?? Number.NaN).toFixed(0)} ms`,
      ]),
    ),
    '',
    `${machine()}, Node ${process.versions.node}; what one request costs when 16 callers ask without a pause. The ledgers belong to 20 ` +
      'accounts each, are in the order of time, and grow a little by what is spent. The grants are open, of one account each, and ' +
      'one caller asks. Idempotency keys are random unless said otherwise. ' +
      `The books were audited afterwards and add up. Medians of ${run.repetitions} interleaved repetitions.` +
      (run.ledgers.length < 3
        ? ' Ten million entries are added by `npm run bench:growth -- 10000000`.'
        : ''),
    '',
  ].join('\n');
}

/** Each stage beside the smallest one. */
function rows(costs: readonly Cost[], stages: readonly string[]): string[][] {
  return stages.slice(1).flatMap((stage, index) =>
    costs.map(({ what, ms }) => {
      const pair = [ms[index + 1] ?? Number.NaN, ms[0] ?? Number.NaN] as const;
      return goalRow(`${stage}: ${what}`, pair, { against: stages[0] ?? '', atMost: FLAT });
    }),
  );
}

function count(number: number): string {
  return number.toLocaleString('en');
}
