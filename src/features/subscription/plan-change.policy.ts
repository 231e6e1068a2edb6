import type { Interval } from '../../platform/money.ts';
import { proportion } from '../../platform/money.ts';
import { addMonths, earlier } from '../../platform/time.ts';
import type { Plan } from '../catalog/catalog.model.ts';
import { offeredPrice } from '../catalog/catalog.policy.ts';
import type { ChangeTiming } from './plan-change.model.ts';

interface Side {
  readonly plan: Plan;
  readonly interval: Interval;
}

interface Span {
  readonly start: Date;
  readonly end: Date;
}

/**
 * When a change takes effect: more is paid and had at once, less when what was paid for is used up. Plans are compared by
 * what they cost a month; between equals, paying by the year is more.
 */
export function changeTiming(present: Side, next: Side): ChangeTiming {
  const [before, after] = [monthlyMinor(present), monthlyMinor(next)];
  if (after !== before) return after > before ? 'NOW' : 'PERIOD_END';
  return present.interval === 'YEAR' && next.interval === 'MONTH' ? 'PERIOD_END' : 'NOW';
}

/** The micro-credits that an upgrade adds: the difference for what remains of the month, rounded down; never less than 0. */
export function upgradeCredits(
  beforeMicro: bigint | null,
  afterMicro: bigint | null,
  month: Span,
  at: Date,
): bigint {
  const more = (afterMicro ?? 0n) - (beforeMicro ?? 0n);
  const remainingMs = BigInt(Math.max(0, month.end.getTime() - at.getTime()));
  const lengthMs = BigInt(month.end.getTime() - month.start.getTime());
  if (more <= 0n || lengthMs <= 0n) return 0n;
  return proportion(more, remainingMs < lengthMs ? remainingMs : lengthMs, lengthMs);
}

/** The month of credits that holds an instant: the period itself, or under a yearly price the month within it. */
export function monthWithin(period: Span, interval: Interval, at: Date, timeZone: string): Span {
  if (interval === 'MONTH') return period;
  let months = 0;
  while (months < 11 && addMonths(period.start, months + 1, timeZone) <= at) months += 1;
  return {
    start: addMonths(period.start, months, timeZone),
    end: earlier(addMonths(period.start, months + 1, timeZone), period.end),
  };
}

function monthlyMinor({ plan }: Side): bigint {
  const monthly = offeredPrice(plan, 'MONTH')?.money;
  if (monthly) return monthly.amountMinor;
  return (offeredPrice(plan, 'YEAR')?.money?.amountMinor ?? 0n) / 12n;
}
