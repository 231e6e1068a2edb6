import type { Random } from './random.ts';

/**
 * The moment of a death. `before-statement`: a statement that moves credits is on its way to PostgreSQL; `after-statement`:
 * its effect is committed, and its answer on the way back; the same of the commit of a transaction; `after-provider`: the
 * provider has done what it was asked, and its answer is on the way.
 */
const MOMENTS = [
  'anytime',
  'before-statement',
  'after-statement',
  'before-commit',
  'after-commit',
  'after-provider',
] as const;
export type Moment = (typeof MOMENTS)[number];

/** One death. */
export interface Kill {
  readonly victim: 'gateway' | 'postgres';
  /** Which gateway dies, or is listened to for the moment. */
  readonly gateway: number;
  readonly moment: Moment;
  /** How long everything works before. */
  readonly afterMs: number;
  /** How long the victim stays dead, before it is started again. */
  readonly deadForMs: number;
}

/** Which deaths there will be: the same from the same seed. */
export function planKills(random: Random, count: number, gateways: number): Kill[] {
  return Array.from({ length: count }, (_, index) => ({
    victim: random.chance(0.4) ? 'postgres' : 'gateway',
    gateway: random.between(0, gateways - 1),
    // Every moment comes as often as any other, whatever the count.
    moment: MOMENTS[index % MOMENTS.length] as Moment,
    afterMs: random.between(50, 600),
    deadForMs: random.chance(0.3) ? random.between(500, 1_500) : random.between(0, 100),
  }));
}
