import {
  WEBHOOK_EVENT_CURSOR,
  type WebhookEvent,
  type WebhookEventFilter,
  type WebhookEventStatus,
} from '../features/operations/webhook-event.model.ts';
import type { Database } from '../platform/database/database.ts';
import type { Statement } from '../platform/database/statement.ts';
import type { Channel } from '../platform/money.ts';
import {
  LAST_ID,
  type Page,
  type PageRequest,
  pageOf,
  pageSize,
  readCursor,
  UUID_POSITION,
} from '../platform/paging.ts';

/** The columns that administrators see. */
export const COLUMNS = `id, channel, provider_event_id as "providerEventId", type, status, attempts,
  last_error as "lastError", received_at as "receivedAt", processed_at as "processedAt"`;

// Each status of each channel is a run of its own in the index: what is rare is found as quickly as what is not. The run is
// asked for as a range: for equal words the planner would rather walk through all ids, and past every other event.
const PAGE: Statement = {
  name: 'inbox_page',
  text: `
    select found.* from unnest($1::text[]) as s (wanted_status) cross join unnest($2::text[]) as c (wanted_channel)
    cross join lateral (
      select ${COLUMNS} from webhook_event
      where (status, channel, id) < (wanted_status, wanted_channel, coalesce($3, '${LAST_ID}'::uuid))
        and (status, channel) >= (wanted_status, wanted_channel)
      order by status desc, channel desc, id desc limit $4
    ) as found
    order by found.id desc limit $4`,
};

const COUNT: Statement = {
  name: 'inbox_count',
  text: 'select count(*) as count from webhook_event where status = any ($1) and channel = any ($2)',
};

const WAITING: Statement = {
  name: 'inbox_waiting',
  text: `
    select count(*) filter (where status <> 'DEAD') as count, count(*) filter (where status = 'DEAD') as "deadCount",
      min(received_at) filter (where status <> 'DEAD') as "oldestReceivedAt"
    from webhook_event where status in ('RECEIVED', 'FAILED', 'DEAD')`,
};

const STATUSES: readonly WebhookEventStatus[] = [
  'RECEIVED',
  'PROCESSED',
  'IGNORED',
  'FAILED',
  'DEAD',
];
const CHANNELS: readonly Channel[] = ['STRIPE', 'CREEM'];

/** What is asked of the table of webhook events by those who watch it. */
export class InboxListStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A page of events, the last received first. Throws InvalidInput. */
  async events(filter: WebhookEventFilter, request: PageRequest): Promise<Page<WebhookEvent>> {
    const size = pageSize(request);
    const before = readCursor(WEBHOOK_EVENT_CURSOR, request, UUID_POSITION);
    const values = [...wordsOf(filter), before, size + 1];
    const rows = await this.#database.query<WebhookEvent>(PAGE, values);
    return pageOf(rows, size, before === null);
  }

  async count(filter: WebhookEventFilter): Promise<bigint> {
    const [row] = await this.#database.query<{ count: bigint }>(COUNT, wordsOf(filter));
    return row?.count ?? 0n;
  }

  /** How many events wait or are tried again, since when the oldest of them, and how many were given up. */
  async waiting(): Promise<{ count: number; deadCount: number; oldestReceivedAt: Date | null }> {
    const [row] = await this.#database.query<{
      count: bigint;
      deadCount: bigint;
      oldestReceivedAt: Date | null;
    }>(WAITING, []);
    return {
      count: Number(row?.count ?? 0n),
      deadCount: Number(row?.deadCount ?? 0n),
      oldestReceivedAt: row?.oldestReceivedAt ?? null,
    };
  }
}

function wordsOf({ status, channel }: WebhookEventFilter): [readonly string[], readonly string[]] {
  return [status === null ? STATUSES : [status], channel === null ? CHANNELS : [channel]];
}
