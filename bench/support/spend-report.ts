import type { Contestant, ContestantName } from './contestants.ts';
import type { Measurement } from './measurement.ts';
import { machine, table } from './report-text.ts';
import { writeSection } from './results-file.ts';

/** The median of a figure over the repetitions. */
export type Figures = (
  scenario: 'many' | 'hot' | 'alone',
  contestant: ContestantName,
  figure: keyof Measurement,
) => number;

interface Line {
  readonly what: string;
  readonly tollgate: number;
  readonly peer: number;
  readonly against: string;
  readonly unit: '/s' | 'ms';
  readonly goal?: { readonly atLeast: number } | { readonly atMost: number };
}

/** Prints what came out and keeps it in RESULTS.md. */
export async function reportSpend(
  figures: Figures,
  contestants: readonly Contestant[],
  postgresVersion: string,
): Promise<void> {
  const text = [
    table(['', 'Tollgate', 'peer', 'ratio', 'goal', ''], goalLines(figures).map(goalCells)),
    '',
    table(
      ['', '10,000 accounts', 'p50', 'p99', 'one hot account', 'p50', 'p99', 'one caller p50'],
      contestants.map((contestant) => contestantCells(figures, contestant)),
    ),
    '',
    `${machine()}, Node ${process.versions.node}, PostgreSQL ${postgresVersion} with fsync on; 64 connections, ` +
      'pool of 20; load generator, server and database share the machine. Medians of five interleaved repetitions. ' +
      'The books of every contestant were audited afterwards and add up.',
    '',
  ].join('\n');
  process.stdout.write(`\n${text}`);
  await writeSection('spend', text);
}

type MakeLine = (
  what: string,
  scenario: 'many' | 'hot' | 'alone',
  figure: 'perSecond' | 'p50Ms' | 'p99Ms',
  against: ContestantName,
  goal?: Line['goal'],
  ours?: ContestantName,
) => Line;

function goalLines(figures: Figures): Line[] {
  const line: MakeLine = (what, scenario, figure, against, goal, ours = 'tollgate') => ({
    what,
    tollgate: figures(scenario, ours, figure),
    peer: figures(scenario, against, figure),
    against,
    unit: figure === 'perSecond' ? '/s' : 'ms',
    goal,
  });
  return [
    line('10,000 accounts, beside the MikroORM peer', 'many', 'perSecond', 'mikroOrm', {
      atLeast: 10,
    }),
    line('one hot account, beside the MikroORM peer', 'hot', 'perSecond', 'mikroOrm', {
      atLeast: 15,
    }),
    {
      ...line('one hot account, beside 10,000 accounts', 'hot', 'perSecond', 'tollgate', {
        atLeast: 0.9,
      }),
      peer: figures('many', 'tollgate', 'perSecond'),
    },
    ...withEverything(line),
    line('one caller, median, beside the prepared statement', 'alone', 'p50Ms', 'prepared', {
      atMost: 1.1,
    }),
    line('10,000 accounts, p99, beside the prepared statement', 'many', 'p99Ms', 'prepared', {
      atMost: 1,
    }),
    line('one hot account, p99, beside the prepared statement', 'hot', 'p99Ms', 'prepared', {
      atMost: 1,
    }),
    line('10,000 accounts, beside the prepared statement', 'many', 'perSecond', 'prepared'),
    line('one hot account, beside the prepared statement', 'hot', 'perSecond', 'prepared'),
    line('10,000 accounts, beside SQL without HTTP', 'many', 'perSecond', 'bareSql'),
    line('one hot account, beside SQL without HTTP', 'hot', 'perSecond', 'bareSql'),
  ];
}

/** Agents with scopes, holds, a hundred subscribers, metrics that are read. */
function withEverything(line: MakeLine): Line[] {
  const rows = [
    ['10,000 accounts', 'many', 10],
    ['one hot account', 'hot', 15],
  ] as const;
  return rows.flatMap(([accounts, scenario, atLeast]) => {
    const all = `everything on, ${accounts}, beside`;
    const ours = 'everything';
    return [
      line(`${all} the MikroORM peer`, scenario, 'perSecond', 'mikroOrm', { atLeast }, ours),
      line(
        `${all} the coalescer alone`,
        scenario,
        'perSecond',
        'coalescer',
        { atLeast: 0.7 },
        ours,
      ),
    ];
  });
}

function goalCells({ what, tollgate, peer, unit, goal }: Line): string[] {
  const ratio = tollgate / peer;
  const cells = [what, shown(tollgate, unit), shown(peer, unit), `${ratio.toFixed(2)}x`];
  if (goal === undefined) return [...cells, '', ''];
  const isMet = 'atLeast' in goal ? ratio >= goal.atLeast : ratio <= goal.atMost;
  const bound = 'atLeast' in goal ? `at least ${goal.atLeast}x` : `at most ${goal.atMost}x`;
  return [...cells, bound, isMet ? 'met' : 'not met'];
}

function contestantCells(figures: Figures, { name, title }: Contestant): string[] {
  const atLoad = (['many', 'hot'] as const).flatMap((scenario) => [
    shown(figures(scenario, name, 'perSecond'), '/s'),
    shown(figures(scenario, name, 'p50Ms'), 'ms'),
    shown(figures(scenario, name, 'p99Ms'), 'ms'),
  ]);
  return [title, ...atLoad, shown(figures('alone', name, 'p50Ms'), 'ms')];
}

function shown(value: number, unit: '/s' | 'ms'): string {
  return unit === '/s' ? `${Math.round(value).toLocaleString('en')}/s` : `${value.toFixed(2)} ms`;
}
