import { setTimeout as pause } from 'node:timers/promises';
import { recordFaults } from './checker.ts';
import { Journal } from './journal.ts';
import { Load } from './load.ts';
import { type Kill, type Moment, planKills } from './plan.ts';
import { Random } from './random.ts';
import { settle } from './settle.ts';
import type { Trap } from './trap-proxy.ts';
import { startWorld, type World } from './world.ts';

interface RunOptions {
  readonly seed: number;
  readonly kills: number;
  readonly killsInARound: number;
  /** When no further round begins. */
  readonly minutes: number;
  readonly say: (line: string) => void;
}

export interface RunFigures {
  readonly kills: Readonly<Record<'gateway' | 'postgres', number>>;
  /** How many deaths came at the very moment that was planned. */
  readonly atTheMoment: number;
  readonly rounds: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  readonly retries: number;
  readonly seconds: number;
  /** Nothing, when all is well. */
  readonly faults: readonly string[];
}

const GATEWAYS = 2;
const MOMENT_WITHIN_MS = 3_000;
const STATEMENTS = /credit_spend_alone|ledger_debit|ledger_hold|ledger_capture_hold/;
const COMMIT = 'commit\0';

const isStatement = (text: string) => STATEMENTS.test(text);
const isCommit = (text: string) => text.includes(COMMIT);
const TRAPS: Readonly<Record<Exclude<Moment, 'anytime'>, Trap>> = {
  'before-statement': { matches: isStatement, moment: 'before' },
  'after-statement': { matches: isStatement, moment: 'after' },
  'before-commit': { matches: isCommit, moment: 'before' },
  'after-commit': { matches: isCommit, moment: 'after' },
  'after-provider': { matches: (text) => text.startsWith('POST /v1/'), moment: 'after' },
};

/** Lets clients work while gateways and PostgreSQL die, and checks after every round that nobody was told an untruth. */
export async function runChaos(options: RunOptions): Promise<RunFigures> {
  const startedAt = performance.now();
  const random = new Random(options.seed);
  const plan = planKills(random.fork(), options.kills, GATEWAYS);
  const world = await startWorld(GATEWAYS);
  const journal = new Journal();
  const killer = new Killer(world);
  const seconds = () => (performance.now() - startedAt) / 1_000;
  let rounds = 0;
  let faults: string[] = [];
  try {
    await world.control('webhooks', { duplicates: 1, shuffle: true });
    const load = new Load(world, journal);
    while (plan.length > 0 && seconds() < options.minutes * 60 && faults.length === 0) {
      rounds += 1;
      await load.start(random.fork());
      for (const kill of plan.splice(0, options.killsInARound)) await killer.kill(kill);
      await killer.everybodyUp();
      await load.stop();
      const isLast = plan.length === 0;
      await settle(world, isLast);
      faults = await faultsOf(world, journal);
      options.say(describe(rounds, killer, journal, seconds(), faults));
    }
  } finally {
    await killer.everybodyUp().catch(() => undefined);
    await world.close();
  }
  return {
    kills: killer.killed,
    atTheMoment: killer.atTheMoment,
    rounds,
    acknowledged: journal.count('acknowledged'),
    refused: journal.count('refused'),
    unknown: journal.count('unknown'),
    retries: journal.retries,
    seconds: seconds(),
    faults,
  };
}

async function faultsOf(world: World, journal: Journal): Promise<string[]> {
  const books = await world.books();
  const found = await recordFaults(world.postgres.ownerUrl, journal.operations, books);
  return [
    ...found,
    ...journal.surprises.map((surprise) => `an answer nobody expects: ${surprise}`),
  ];
}

function describe(
  round: number,
  killer: Killer,
  journal: Journal,
  seconds: number,
  faults: readonly string[],
): string {
  const { gateway, postgres } = killer.killed;
  const verdict = faults.length === 0 ? 'all is well' : `${faults.length} FAULTS`;
  return (
    `round ${round}, ${Math.round(seconds)} s: killed gateways ${gateway} times, PostgreSQL ${postgres} times; ` +
    `${journal.count('acknowledged')} acknowledged, ${journal.count('refused')} refused, ` +
    `${journal.count('unknown')} never told, ${journal.retries} asked again; ${verdict}`
  );
}

/** Carries the plan out, one death after the other. The dead come back while the next one is waited for. */
class Killer {
  readonly #world: World;
  readonly #returning = new Map<number, Promise<void>>();
  readonly killed = { gateway: 0, postgres: 0 };
  atTheMoment = 0;

  constructor(world: World) {
    this.#world = world;
  }

  async kill({ victim, gateway: index, moment, afterMs, deadForMs }: Kill): Promise<void> {
    await this.#returning.get(index);
    await pause(afterMs);
    const gateway = this.#world.gateways[index];
    if (gateway === undefined) throw new Error(`There is no gateway ${index}.`);
    const proxy = moment === 'after-provider' ? gateway.provider : gateway.database;
    if (moment !== 'anytime' && (await proxy.arm(TRAPS[moment], MOMENT_WITHIN_MS)))
      this.atTheMoment += 1;
    this.killed[victim] += 1;
    if (victim === 'gateway') {
      await gateway.kill();
      const returns = pause(deadForMs).then(() => gateway.start());
      returns.catch(() => undefined);
      this.#returning.set(index, returns);
      return;
    }
    const { postgres } = this.#world;
    await postgres.kill();
    for (const { database } of this.#world.gateways) database.cut();
    // The provider has answered, and nothing of it can be written down.
    gateway.provider.release();
    await pause(deadForMs);
    await postgres.restart();
  }

  async everybodyUp(): Promise<void> {
    await Promise.all(this.#returning.values());
  }
}
