import type { StreakBonus } from '../catalog/catalog.model.ts';

/** One check-in: the account was there on that day. */
export interface CheckIn {
  readonly id: string;
  readonly accountId: string;
  /** The day in the account's time zone, such as 2026-03-01. */
  readonly localDate: string;
  /** How many days in a row, this one included. */
  readonly streak: number;
  /** What it gave, bonuses included. */
  readonly creditsMicro: bigint;
  readonly createdAt: Date;
}

/** Where an account stands today. */
export interface CheckInStatus {
  readonly checkedInToday: boolean;
  /** Days in a row until today, or until yesterday as long as today's check-in can still come. */
  readonly streak: number;
  /** From when the next check-in is possible; it is possible now when this has passed. */
  readonly nextAt: Date;
}

/** What an administrator changes; what is undefined stays. */
export interface CheckInConfigChange {
  readonly enabled?: boolean;
  readonly creditsMicro?: bigint;
  readonly streakBonuses?: readonly StreakBonus[];
  readonly expiresAfterDays?: number | null;
}
