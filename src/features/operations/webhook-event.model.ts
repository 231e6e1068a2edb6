import type { Channel } from '../../platform/money.ts';

/**
 * RECEIVED waits for its first attempt, FAILED for another one; PROCESSED and IGNORED are done. DEAD has used up its
 * attempts and waits for an administrator.
 */
export type WebhookEventStatus = 'RECEIVED' | 'PROCESSED' | 'IGNORED' | 'FAILED' | 'DEAD';

/** A provider's webhook as it was received, without its body. */
export interface WebhookEvent {
  readonly id: string;
  readonly channel: Channel;
  readonly providerEventId: string;
  readonly type: string;
  readonly status: WebhookEventStatus;
  /** How often it was begun since it was received or replayed. */
  readonly attempts: number;
  /** What the last attempt failed with, or why the event was ignored. */
  readonly lastError: string | null;
  readonly receivedAt: Date;
  readonly processedAt: Date | null;
}

/** Narrows the list of events; null: any. */
export interface WebhookEventFilter {
  readonly status: WebhookEventStatus | null;
  readonly channel: Channel | null;
}

/** What the list's cursors begin with. */
export const WEBHOOK_EVENT_CURSOR = 'webhook-event';
