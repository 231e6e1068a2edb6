import {
  WEBHOOK_EVENT_CURSOR,
  type WebhookEvent,
  type WebhookEventFilter,
  type WebhookEventStatus,
} from '../features/operations/webhook-event.model.ts';
import type { Database } from '../platform/database/database.ts';
import type { Statement } from '../platform/database/statement.ts';
import type { Transaction } from '../platform/database/transaction.ts';
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
import { WORK_WEBHOOK_EVENT } from './webhook-event.model.ts';

/** A verified webhook on its way into the inbox. */
export interface NewWebhookEvent {
  readonly id: string;
  readonly channel: Channel;
  readonly providerEventId: string;
  readonly type: string;
  readonly payload: unknown;
  readonly receivedAt: Date;
}

/** An event that an attempt has begun on. */
export interface BegunEvent {
  readonly id: string;
  readonly channel: Channel;
  readonly providerEventId: string;
  readonly type: string;
  readonly payload: unknown;
  readonly attempts: number;
}

/** The inbox counts its own attempts; the queue has more, so that an attempt that could not be counted is made up for. */
const JOB_ATTEMPTS = 25;

const ADD_JOB = `(graphile_worker.add_job('${WORK_WEBHOOK_EVENT}', json_build_object('id', id),
      max_attempts := ${JOB_ATTEMPTS}, job_key := 'webhook-event:' || id)).id`;

const RECEIVE: Statement = {
  name: 'inbox_receive',
  // Sorted, so that two batches with the same events wait for each other in one order.
  text: `
    with received as (
      insert into webhook_event (id, channel, provider_event_id, type, payload, status, attempts, received_at)
      select id, channel, provider_event_id, type, payload::json, 'RECEIVED', 0, received_at
      from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
        as e (id, channel, provider_event_id, type, payload, received_at)
      order by channel, provider_event_id
      on conflict (channel, provider_event_id) do nothing
      returning id
    )
    select id, ${ADD_JOB} as "jobId" from received`,
};

const BEGIN: Statement = {
  name: 'inbox_begin',
  text: `
    update webhook_event set attempts = attempts + 1
    where id = (
      select id from webhook_event where id = $1 and status in ('RECEIVED', 'FAILED') for update skip locked
    )
    returning id, channel, provider_event_id as "providerEventId", type, payload, attempts`,
};

const FAIL: Statement = {
  name: 'inbox_fail',
  text: `
    update webhook_event set last_error = $2, status = case when attempts >= $3 then 'DEAD' else 'FAILED' end
    where id = $1 and status in ('RECEIVED', 'FAILED')
    returning status`,
};

const COLUMNS = `id, channel, provider_event_id as "providerEventId", type, status, attempts,
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

const STATUSES: readonly WebhookEventStatus[] = [
  'RECEIVED',
  'PROCESSED',
  'IGNORED',
  'FAILED',
  'DEAD',
];
const CHANNELS: readonly Channel[] = ['STRIPE', 'CREEM'];

const ENQUEUE_FORGOTTEN: Statement = {
  name: 'inbox_enqueue_forgotten',
  text: `
    with forgotten as (
      select e.id from webhook_event e
      where e.status in ('RECEIVED', 'FAILED') and e.received_at <= $1 and not exists (
        select 1 from graphile_worker.jobs j
        where j.key = 'webhook-event:' || e.id and (j.locked_at is not null or j.attempts < j.max_attempts)
      )
      order by e.received_at limit 1000
    )
    select id, ${ADD_JOB} as "jobId" from forgotten`,
};

const WAITING: Statement = {
  name: 'inbox_waiting',
  text: `
    select count(*) filter (where status <> 'DEAD') as count, count(*) filter (where status = 'DEAD') as "deadCount",
      min(received_at) filter (where status <> 'DEAD') as "oldestReceivedAt"
    from webhook_event where status in ('RECEIVED', 'FAILED', 'DEAD')`,
};

/** Every query on the table of webhook events. */
export class InboxStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Stores those events that are new, each with its job, in one statement; answers with their ids. */
  async receive(events: readonly NewWebhookEvent[]): Promise<ReadonlySet<string>> {
    const rows = await this.#database.query<{ id: string }>(RECEIVE, [
      events.map((event) => event.id),
      events.map((event) => event.channel),
      events.map((event) => event.providerEventId),
      events.map((event) => event.type),
      events.map((event) => JSON.stringify(event.payload)),
      events.map((event) => event.receivedAt),
    ]);
    return new Set(rows.map((row) => row.id));
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

  /** Counts an attempt on an event that is not done; null when it is done, in other hands, or not there. */
  async begin(id: string): Promise<BegunEvent | null> {
    const [event] = await this.#database.query<BegunEvent>(BEGIN, [id]);
    return event ?? null;
  }

  /** Takes an event for this transaction; false when it is done or in other hands. */
  async claim(tx: Transaction, id: string): Promise<boolean> {
    const rows = await tx.query(
      `select 1 from webhook_event where id = $1 and status in ('RECEIVED', 'FAILED') for update skip locked`,
      [id],
    );
    return rows.length > 0;
  }

  async finish(
    tx: Transaction,
    id: string,
    end: { status: 'PROCESSED' | 'IGNORED'; lastError: string | null; processedAt: Date },
  ): Promise<void> {
    await tx.query(
      'update webhook_event set status = $2, last_error = $3, processed_at = $4 where id = $1',
      [id, end.status, end.lastError, end.processedAt],
    );
  }

  /** Notes a failed attempt; answers with the event's status, or null when somebody else has finished it meanwhile. */
  async fail(
    id: string,
    lastError: string,
    maxAttempts: number,
  ): Promise<WebhookEventStatus | null> {
    const values = [id, lastError, maxAttempts];
    const [row] = await this.#database.query<{ status: WebhookEventStatus }>(FAIL, values);
    return row?.status ?? null;
  }

  /** Puts an event back to the beginning, with its job; null when there is no such event. */
  async restart(tx: Transaction, id: string): Promise<WebhookEvent | null> {
    const [event] = await tx.query<WebhookEvent>(
      `update webhook_event set status = 'RECEIVED', attempts = 0, last_error = null, processed_at = null
       where id = $1
       returning ${COLUMNS}`,
      [id],
    );
    if (event === undefined) return null;
    const jobKey = `webhook-event:${id}`;
    await tx.enqueue(WORK_WEBHOOK_EVENT, { id }, { jobKey, maxAttempts: JOB_ATTEMPTS });
    return event;
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

  /** Gives a job to open events received before `receivedBefore` that have none left; answers how many. */
  async enqueueForgotten(receivedBefore: Date): Promise<number> {
    const rows = await this.#database.query(ENQUEUE_FORGOTTEN, [receivedBefore]);
    return rows.length;
  }
}

function wordsOf({ status, channel }: WebhookEventFilter): [readonly string[], readonly string[]] {
  return [status === null ? STATUSES : [status], channel === null ? CHANNELS : [channel]];
}
