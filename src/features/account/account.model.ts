/** Where an account stands in its life; the transitions belong to the lifecycle feature. */
export type AccountStatus = 'TRIAL' | 'PROMO' | 'ACTIVE' | 'READONLY' | 'SUSPENDED' | 'DELETED';

/** An account's status, since when, and until when. */
export interface Standing {
  readonly status: AccountStatus;
  readonly statusSince: Date;
  /** When the status ends by itself; null: not by time. */
  readonly statusEndsAt: Date | null;
  /** From this instant on nothing may run, whatever `status` still says. */
  readonly blockedAt: Date | null;
}

export interface Account extends Standing {
  readonly id: string;
  /** The product's own id of this account. */
  readonly externalId: string;
  readonly name: string;
  readonly email: string | null;
  /** IANA zone: periods and days are reckoned in it. */
  readonly timeZone: string;
  readonly currency: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface NewAccount {
  readonly externalId: string;
  readonly name: string;
  readonly email: string | null;
  readonly timeZone: string;
  readonly currency: string;
}

/** What of an account can be changed; what is undefined stays. */
export interface AccountChange {
  readonly name?: string;
  /** Null: none. */
  readonly email?: string | null;
  readonly timeZone?: string;
}

/** Narrows the list of accounts; null: any. */
export interface AccountFilter {
  readonly status: AccountStatus | null;
  /** A part of the name, the email or the external id, in capitals or not. */
  readonly search: string | null;
}

/** What the list's cursors begin with. */
export const ACCOUNT_CURSOR = 'account';

/** How a new account begins. */
export type FirstStatus = Omit<Standing, 'statusSince'>;

/** Told inside the transaction that makes the account. */
export interface AccountCreated {
  readonly type: 'account.created';
  readonly account: Account;
}

/** Told inside the transaction that changes the status. */
export interface AccountStatusChanged {
  readonly type: 'account.status-changed';
  readonly accountId: string;
  readonly from: AccountStatus;
  readonly to: AccountStatus;
}
