import { assertNever } from '../../platform/assert.ts';
import type { AccountStatus, Standing } from './account.model.ts';

/**
 * The account as it stands at `now`: a status whose time is over is followed by the next one from that very instant, even
 * before a job has noticed. A trial that is over is READONLY until its grace is over, and after that the account is DELETED.
 */
export function standingAt<Account extends Standing>(account: Account, now: Date): Account {
  const next = afterItsTime(account);
  if (next === null || next.statusSince > now) return account;
  return standingAt({ ...account, ...next }, now);
}

/** What follows when a status ends by time alone; null when it does not. */
export function afterItsTime({ status, statusEndsAt, blockedAt }: Standing): Standing | null {
  if (statusEndsAt === null) return null;
  switch (status) {
    case 'TRIAL':
      return {
        status: 'READONLY',
        statusSince: statusEndsAt,
        statusEndsAt: blockedAt,
        blockedAt,
      };
    case 'READONLY':
      return {
        status: 'DELETED',
        statusSince: statusEndsAt,
        statusEndsAt: null,
        blockedAt: statusEndsAt,
      };
    case 'PROMO':
    case 'ACTIVE':
    case 'SUSPENDED':
    case 'DELETED':
      return null;
    default:
      return assertNever(status);
  }
}

/** Whether existing work may run: spend, hold, count. Obeys the instant, not the job that comes after it. */
export function canExecute(
  { status, blockedAt }: Pick<Standing, 'status' | 'blockedAt'>,
  now: Date,
): boolean {
  if (blockedAt !== null && blockedAt <= now) return false;
  return status !== 'SUSPENDED' && status !== 'DELETED';
}

/** Whether something new may be deployed: as `canExecute`, but not in READONLY. */
export function canDeploy(account: Standing, now: Date): boolean {
  return canExecute(account, now) && standingAt(account, now).status !== 'READONLY';
}

/** Whether the account may still buy and change: everything but DELETED. */
export function canBuy(status: AccountStatus): boolean {
  return status !== 'DELETED';
}
