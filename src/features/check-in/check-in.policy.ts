import { InvalidInput } from '../../platform/errors.ts';
import { MICRO } from '../../platform/money.ts';
import { type LocalDay, localDay } from '../../platform/time.ts';
import type { Account } from '../account/account.model.ts';
import { canDeploy } from '../account/account.policy.ts';
import type { CheckInSettings, StreakBonus } from '../catalog/catalog.model.ts';
import type { CheckIn, CheckInConfigChange, CheckInStatus } from './check-in.model.ts';

const LONGEST_DAYS = 3650;
const MOST_BONUSES = 100;
/** A million credits: more is a slip of the finger. */
const LARGEST_MICRO = 1_000_000n * MICRO;

/** Whether the account's status lets it check in: not in READONLY, not once the trial's time is over, not when blocked. */
export function canCheckIn(account: Account, now: Date): boolean {
  return canDeploy(account, now);
}

/**
 * Where an account stands on its local day. A day counts as done when it, or a later one, was checked in: whoever moves to
 * another zone cannot live a day twice.
 */
export function checkInStatus(last: CheckIn | null, now: Date, timeZone: string): CheckInStatus {
  const today = localDay(now, timeZone);
  if (last === null) return { checkedInToday: false, streak: 0, nextAt: today.start };
  if (last.localDate >= today.date) {
    return {
      checkedInToday: true,
      streak: last.streak,
      nextAt: dayAfter(last.localDate, today, timeZone).start,
    };
  }
  const streak = last.localDate === dayBefore(today, timeZone) ? last.streak : 0;
  return { checkedInToday: false, streak, nextAt: today.start };
}

/** What the check-in that makes the streak this long gives: the daily credits, and the bonus for exactly so many days. */
export function creditsFor(settings: CheckInSettings, streak: number): bigint {
  const bonus = settings.streakBonuses.find(({ days }) => days === streak);
  return settings.creditsMicro + (bonus?.creditsMicro ?? 0n);
}

/** The settings with a change made to them, bonuses by days. Throws InvalidInput naming the argument. */
export function changedSettings(
  settings: CheckInSettings,
  change: CheckInConfigChange,
): CheckInSettings {
  const streakBonuses = change.streakBonuses ?? settings.streakBonuses;
  const changed = {
    enabled: change.enabled ?? settings.enabled,
    creditsMicro: change.creditsMicro ?? settings.creditsMicro,
    streakBonuses: streakBonuses.toSorted((a, b) => a.days - b.days),
    expiresAfterDays:
      change.expiresAfterDays === undefined ? settings.expiresAfterDays : change.expiresAfterDays,
  };
  checkSettings(changed);
  return changed;
}

function checkSettings(settings: CheckInSettings): void {
  const { enabled, creditsMicro, streakBonuses, expiresAfterDays } = settings;
  if (creditsMicro > LARGEST_MICRO) throw new InvalidInput('credits', 'is too much.');
  if (creditsMicro < 0n) throw new InvalidInput('credits', 'must not be negative.');
  if (enabled && creditsMicro === 0n)
    throw new InvalidInput('credits', 'must be more than zero while check-in is enabled.');
  if (streakBonuses.length > MOST_BONUSES)
    throw new InvalidInput('streakBonuses', `are too many: at most ${MOST_BONUSES}.`);
  for (const [index, bonus] of streakBonuses.entries())
    checkBonus(bonus, streakBonuses[index + 1] ?? null);
  if (expiresAfterDays !== null && (expiresAfterDays < 1 || expiresAfterDays > LONGEST_DAYS))
    throw new InvalidInput('expiresAfterDays', `must be from 1 to ${LONGEST_DAYS}, or null.`);
}

function checkBonus({ days, creditsMicro }: StreakBonus, next: StreakBonus | null): void {
  if (days < 1 || days > LONGEST_DAYS)
    throw new InvalidInput('streakBonuses', `need days from 1 to ${LONGEST_DAYS}.`);
  if (creditsMicro <= 0n || creditsMicro > LARGEST_MICRO)
    throw new InvalidInput('streakBonuses', 'need credits of more than zero, and not too many.');
  if (next?.days === days) throw new InvalidInput('streakBonuses', `name ${days} days twice.`);
}

function dayBefore(day: LocalDay, timeZone: string): string {
  return localDay(new Date(day.start.getTime() - 1), timeZone).date;
}

/** The first day from `from` on that comes after the date: one or two steps, as zones lie a day apart at most. */
function dayAfter(date: string, from: LocalDay, timeZone: string): LocalDay {
  let day = from;
  while (day.date <= date) day = localDay(day.end, timeZone);
  return day;
}
