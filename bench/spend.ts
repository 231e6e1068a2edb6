// `npm run bench:spend`: how fast credits are spent over HTTP and GraphQL, beside plain peers and bare SQL.
import { isDeepStrictEqual } from 'node:util';
import { auditBooks } from './support/books.ts';
import { type Contestant, startContestants, startLoadGenerator } from './support/contestants.ts';
import { HttpCaller } from './support/http-caller.ts';
import { type Measurement, median } from './support/measurement.ts';
import { type Figures, reportSpend } from './support/spend-report.ts';
import { ACCOUNTS, type Stage, setStage } from './support/stage.ts';

/** The shorter the turns, the more alike is what the machine does besides. */
const SCENARIOS = {
  many: { callers: 64, accounts: ACCOUNTS, warmUpMs: 300, durationMs: 1_200, turns: 1 },
  hot: { callers: 64, accounts: 1, warmUpMs: 300, durationMs: 1_200, turns: 1 },
  alone: { callers: 1, accounts: ACCOUNTS, warmUpMs: 50, durationMs: 300, turns: 4 },
} as const;
/** Whoever is alone comes first: later, those who did most have the fullest tables, and a vacuum at work on them. */
const PHASES: readonly (readonly ScenarioName[])[] = [['alone'], ['many', 'hot']];
const REPETITIONS = 5;

type ScenarioName = keyof typeof SCENARIOS;
type LoadGenerator = ReturnType<typeof startLoadGenerator>;

const stage = await setStage();
try {
  await race(stage);
} finally {
  await stage.close();
}

async function race(stage: Stage): Promise<void> {
  const contestants = await startContestants(stage);
  const generator = startLoadGenerator();
  try {
    const rehearsed = await rehearse(contestants);
    const runs = await measureAll(contestants, generator);
    for (const contestant of contestants) {
      const applied = runs
        .filter((run) => run.contestant === contestant)
        .reduce((sum, run) => sum + run.measurement.applied, rehearsed.has(contestant) ? 1 : 0);
      await checkBooks(contestant, applied);
      await contestant.company?.checkTold(contestant.databaseUrl, applied);
    }
    const figures: Figures = (scenario, name, figure) =>
      median(
        runs
          .filter(
            (run) => run.isCounted && run.scenario === scenario && run.contestant.name === name,
          )
          .map((run) => run.measurement[figure]),
      );
    await reportSpend(figures, contestants, stage.postgresVersion);
  } finally {
    await generator.stop();
    for (const contestant of contestants) await contestant.stop();
  }
}

/** Lets every server do the same spend twice: the answers must be the same, first and again. */
async function rehearse(contestants: readonly Contestant[]): Promise<Set<Contestant>> {
  const rehearsed = new Set<Contestant>();
  let expected: unknown;
  for (const contestant of contestants) {
    if (!('port' in contestant.target)) continue;
    const caller = await HttpCaller.open(contestant.target.port);
    const spend = () => caller.spend(7, 'rehearsal', contestant.by);
    const [first, again] = [await spend(), await spend()];
    caller.close();
    const answers = [first, again].map((body) => JSON.parse(body, comparable));
    expected ??= answers;
    if (!isDeepStrictEqual(answers, expected)) {
      throw new Error(
        `${contestant.title} answers otherwise: ${first} ${again}, not ${JSON.stringify(expected)}`,
      );
    }
    rehearsed.add(contestant);
  }
  return rehearsed;
}

/** When it was is everybody's own, and what is held, whose one change counts in the version; that a balance adds up is not. */
function comparable(name: string, value: unknown): unknown {
  if (name === 'createdAt') return typeof value;
  if (name !== 'balance') return value;
  const { held, available, version, ...balance } = value as Readonly<Record<string, unknown>>;
  const addsUp = Number(available) + Number(held) === Number(balance.total);
  return { ...balance, addsUp, version: Number(version) - (held === '0' ? 0 : 1) };
}

interface Run {
  readonly scenario: ScenarioName;
  readonly contestant: Contestant;
  readonly isCounted: boolean;
  readonly measurement: Measurement;
}

/** Repetition by repetition, everyone's turn in each; who begins changes. The first one warms up and is not counted. */
async function measureAll(
  contestants: readonly Contestant[],
  generator: LoadGenerator,
): Promise<Run[]> {
  const runs: Run[] = [];
  for (const scenarios of PHASES) {
    for (let repetition = 0; repetition <= REPETITIONS; repetition += 1) {
      const counted = `repetition ${repetition} of ${REPETITIONS}`;
      process.stderr.write(`${repetition > 0 ? counted : 'warming up'}\n`);
      for (const scenario of scenarios)
        runs.push(...(await takeTurns(contestants, generator, scenario, repetition)));
    }
  }
  return runs;
}

async function takeTurns(
  contestants: readonly Contestant[],
  generator: LoadGenerator,
  scenario: ScenarioName,
  repetition: number,
): Promise<Run[]> {
  const { turns, ...settings } = SCENARIOS[scenario];
  const runs: Run[] = [];
  for (let turn = 0; turn < turns * contestants.length; turn += 1) {
    const contestant = contestants[(turn + repetition) % contestants.length] as Contestant;
    const { target, by } = contestant;
    const order = { ...settings, target, by, seed: repetition * turns + turn };
    const measurement = await generator.measure(order);
    runs.push({ scenario, contestant, isCounted: repetition > 0, measurement });
    tell(scenario, contestant, measurement);
  }
  return runs;
}

function tell(scenario: ScenarioName, { title }: Contestant, { perSecond, p50Ms }: Measurement) {
  const figures = `${perSecond.toFixed(0).padStart(7)}/s  p50 ${p50Ms.toFixed(2).padStart(7)} ms`;
  process.stderr.write(`  ${scenario.padEnd(6)}${title.padEnd(32)}${figures}\n`);
}

/** The ledger must add up, and hold what was answered besides the first spend that every account came with. */
async function checkBooks(contestant: Contestant, applied: number): Promise<void> {
  const { spends, allocations, keys } = await auditBooks(contestant.databaseUrl);
  const expected = applied + ACCOUNTS;
  if ([spends, allocations, keys].some((rows) => rows !== expected)) {
    const found = `${spends} entries, ${allocations} allocations and ${keys} keys`;
    throw new Error(`${contestant.title} should have ${expected} spends and has ${found}`);
  }
}
