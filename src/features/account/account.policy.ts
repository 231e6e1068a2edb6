import { assertNever } from '../../platform/assert.ts';
import type { Account, AccountStatus } from './account.model.ts';

type Standing = Pick<Account, 'status' | 'blockedAt'>;

/** Whether existing work may run: spend, hold, count. Obeys the instant, not the job that comes after it. */
export function canExecute(account: Standing, now: Date): boolean {
  if (account.blockedAt !== null && account.blockedAt <= now) return false;
  switch (account.status) {
    case 'TRIAL':
    case 'PROMO':
    case 'ACTIVE':
    case 'READONLY':
      return true;
    case 'SUSPENDED':
    case 'DELETED':
      return false;
    default:
      return assertNever(account.status);
  }
}

/** Whether something new may be deployed: as `canExecute`, but not in READONLY or once the trial's time is over. */
export function canDeploy(account: Standing & Pick<Account, 'statusEndsAt'>, now: Date): boolean {
  if (!canExecute(account, now) || account.status === 'READONLY') return false;
  const trialIsOver =
    account.status === 'TRIAL' && account.statusEndsAt !== null && account.statusEndsAt <= now;
  return !trialIsOver;
}

/** Whether the account may still buy and change: everything but DELETED. */
export function canBuy(status: AccountStatus): boolean {
  return status !== 'DELETED';
}
