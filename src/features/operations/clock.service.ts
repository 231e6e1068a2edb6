import type { Sweep } from '../../jobs/sweep.ts';
import { invariant } from '../../platform/assert.ts';
import { type Clock, MovableClock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database/database.ts';
import { Forbidden, InvalidInput, ServiceUnavailable } from '../../platform/errors.ts';
import { addMonths } from '../../platform/time.ts';
import type { ClockStore } from './clock.store.ts';

/** The providers that are played on this machine, as far as time is concerned. */
export interface PlayedProviders {
  /** When something next happens there by itself; null when nothing will. */
  nextDueAt(): Date | null;
  /** Moves their time forward, letting everything happen on the way. */
  moveClock(to: Date): void;
  /** Resolves when the webhooks that wait have arrived; answers how many have not. */
  drain(): Promise<{ readonly undelivered: number }>;
}

/** Who works on jobs. */
export interface Workers {
  /** How many jobs were begun here until now. */
  readonly begunCount: number;
  /** Resolves when no job runs or could run now. */
  whenIdle(): Promise<void>;
}

interface ClockServiceNeeds {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: ClockStore;
  /** Null outside sandbox mode. */
  readonly playedProviders: PlayedProviders | null;
}

/** Any two gateways must agree on this number, and nothing else may take it. */
const ADVISORY_LOCK = 7_033_100_431n;
const FARTHEST_MONTHS = 120;
/** What happens because of what happened: an end of it means that something goes round in circles. */
const MOST_ROUNDS = 100;

/** Moves domain time and the sandbox's together, so that everything happens in order, as it would have. */
export class ClockService {
  readonly #needs: ClockServiceNeeds;
  #sweeps: readonly Sweep[] = [];
  #workers: Workers | null = null;

  constructor(needs: ClockServiceNeeds) {
    this.#needs = needs;
  }

  /** Says what time does and who works on what follows; the composition root calls it once every part is there. */
  watchOver(sweeps: readonly Sweep[], workers: Workers): void {
    this.#sweeps = sweeps;
    this.#workers = workers;
  }

  /** Takes over what another process has moved the time to. */
  async follow(): Promise<void> {
    const { clock, store, playedProviders } = this.#needs;
    if (!(clock instanceof MovableClock)) return;
    clock.moveAhead(await store.offsetMs());
    playedProviders?.moveClock(clock.now());
  }

  /**
   * Moves time forward, from one due instant to the next, ours or the sandbox's, and waits at each until every webhook has
   * arrived and every job has run. Answers with the time that it is then. Throws Forbidden outside sandbox mode, InvalidInput
   * for an instant that is past or more than ten years ahead, ServiceUnavailable while somebody else moves it.
   */
  async advance(to: Date): Promise<Date> {
    const { clock, playedProviders } = this.#needs;
    if (!(clock instanceof MovableClock) || playedProviders === null) {
      throw new Forbidden('The clock can only be moved in sandbox mode.');
    }
    const start = clock.now();
    if (to <= start) {
      throw new InvalidInput('to', `lies in the past: it is ${start.toISOString()} by now.`);
    }
    if (to > addMonths(start, FARTHEST_MONTHS, 'UTC')) {
      throw new InvalidInput('to', 'lies more than ten years ahead.');
    }
    const moved = await this.#needs.database.withLock(ADVISORY_LOCK, () =>
      this.#walk(clock, playedProviders, to),
    );
    if (!moved) throw new ServiceUnavailable('The clock is being moved already: wait for that.');
    return clock.now();
  }

  async #walk(clock: MovableClock, played: PlayedProviders, to: Date): Promise<void> {
    await this.#settle(clock, played);
    for (let reached = clock.now(); reached < to; ) {
      reached = await this.#nextStop(reached, played, to);
      await this.#moveTo(reached, clock);
      await this.#settle(clock, played);
    }
  }

  /** What is due already and did not go away is not waited for. */
  async #nextStop(after: Date, played: PlayedProviders, to: Date): Promise<Date> {
    const due = await Promise.all(this.#sweeps.map((part) => part.nextDueAt(after)));
    const instants = [...due, played.nextDueAt()].filter((at) => at !== null && at > after);
    return instants.reduce<Date>((first, at) => (at !== null && at < first ? at : first), to);
  }

  async #moveTo(instant: Date, clock: MovableClock): Promise<void> {
    const now = clock.now();
    if (instant <= now) return;
    const offsetMs = clock.offsetMs + (instant.getTime() - now.getTime());
    await this.#needs.store.save(offsetMs, instant);
    clock.moveAhead(offsetMs);
  }

  /** Lets everything happen that is due now, and everything that follows from it: until a whole round changes nothing. */
  async #settle(clock: MovableClock, played: PlayedProviders): Promise<void> {
    for (let round = 1; ; round += 1) {
      invariant(round <= MOST_ROUNDS, 'what is due comes to an end');
      const begunBefore = this.#workers?.begunCount;
      played.moveClock(clock.now());
      await played.drain();
      await this.#workers?.whenIdle();
      for (const part of this.#sweeps) await part.sweep();
      const { undelivered } = await played.drain();
      await this.#workers?.whenIdle();
      if (this.#workers?.begunCount === begunBefore || undelivered > 0) return;
    }
  }
}
