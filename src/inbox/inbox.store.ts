import type {
  WebhookEvent,
  WebhookEventStatus,
} from '../features/operations/webhook-event.model.ts';
import type { Database } from '../platform/database/database.ts';
import type { Statement } from '../platform/database/statement.ts';
import type { Transaction } from '../platform/database/transaction.ts';
import type { Channel } from '../platform/money.ts';
import { COLUMNS } from './inbox-list.store.ts';
import {
  WORK_WEBHOOK_EVENT,
  WORK_WEBHOOK_EVENTS,
  WORK_WEBHOOK_ROUND,
} from './webhook-event.model.ts';

/** A verified webhook on its way into the inbox. */
export interface NewWebhookEvent {
  readonly id: string;
  readonly channel: Channel;
  readonly providerEventId: string;
  readonly type: string;
  /** In JSON. */
  readonly payload: string;
  readonly receivedAt: Date;
}

/** An event that an attempt has begun on. */
export interface BegunEvent {
  readonly id: string;
  readonly channel: Channel;
  readonly providerEventId: string;
  readonly type: string;
  /** As it was received, in JSON. */
  readonly payload: string;
  /** With this one. */
  readonly attempts: number;
}

/** How an event ended. */
export interface EndedEvent {
  readonly id: string;
  readonly status: 'PROCESSED' | 'IGNORED';
  readonly lastError: string | null;
  readonly attempts: number;
}

interface StoredRow {
  readonly ids: readonly string[] | null;
  /** The round that they are in; null: none was joined, or begun. */
  readonly round: string | null;
}

/** The inbox counts its own attempts; the queue has more, so that an attempt that could not be counted is made up for. */
const JOB_ATTEMPTS = 25;

const ADD_JOB = `(graphile_worker.add_job('${WORK_WEBHOOK_EVENT}', json_build_object('id', id),
      max_attempts := ${JOB_ATTEMPTS}, job_key := 'webhook-event:' || id)).id`;

/**
 * Ends each of the values that a text brings for a column: an array would have every quote in it escaped, of which an event
 * has hundreds. JSON has no such character, neither between its words nor within them, and an identifier has none either; the
 * adapters let in no text that has it.
 */
const SEPARATOR = '\x1e';

const column = (parameter: number, type: string) =>
  `string_to_array($${parameter}, E'\\x1e')::${type}[]`;

/** Stores those events that are new, in this round. Sorted, so that two batches with the same events wait for each other in one order. */
const storeEvents = (round: string) => `
      insert into webhook_event (id, channel, provider_event_id, type, payload, status, attempts, received_at, round)
      select e.id, channel, provider_event_id, type, payload, 'RECEIVED', 0, received_at, round.id
      from unnest(${column(2, 'uuid')}, ${column(3, 'text')}, ${column(4, 'text')}, ${column(5, 'text')},
          ${column(6, 'text')}, ${column(7, 'timestamptz')})
        as e (id, channel, provider_event_id, type, payload, received_at), ${round}
      order by channel, provider_event_id
      on conflict (channel, provider_event_id) do nothing
      returning id`;

const JOIN_ROUND: Statement = {
  name: 'inbox_join_round',
  // A round that is held here does not end before these events can be seen. When it has ended, nothing is stored.
  text: `
    with round as (
      select id from webhook_round where id = $1 for key share
    ), received as (${storeEvents('round')}
    )
    select (select id from round) as round, json_agg(id) as ids from received`,
};

const BEGIN_ROUND: Statement = {
  name: 'inbox_begin_round',
  text: `
    with received as (${storeEvents('(select $1::uuid as id) as round')}
    ), begun as (
      insert into webhook_round (id) select $1 where exists (select from received) returning id
    ), job as (
      select (graphile_worker.add_job('${WORK_WEBHOOK_ROUND}', json_build_object('id', id),
        max_attempts := ${JOB_ATTEMPTS})).id from begun
    )
    select (select id from begun) as round, json_agg(id) as ids, (select id from job) as "jobId" from received`,
};

/** No event joins the round any more: whoever was joining it is waited for. */
const END_ROUND: Statement = {
  name: 'inbox_end_round',
  text: 'delete from webhook_round where id = $1',
};

// Those about several events are planned anew each time: a plan that was made while the table was small reads all of it, and
// would be kept while it grows.
const OPEN = `
    select id, channel, provider_event_id as "providerEventId", type, payload, attempts + 1 as attempts
    from webhook_event where id = any ($1) and status = 'RECEIVED'`;

const IN_ROUND = `select id from webhook_event where round = $1 and status = 'RECEIVED'`;

const CLAIM = `
    select id from webhook_event
    where id = any ($1) and status in ('RECEIVED', 'FAILED') for update skip locked`;

const FINISH = `
    update webhook_event set status = ($2::text[])[array_position($1, id)],
      last_error = ($3::text[])[array_position($1, id)],
      attempts = ($4::integer[])[array_position($1, id)], processed_at = $5
    where id = any ($1::uuid[])`;

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

const RESTART: Statement = {
  name: 'inbox_restart',
  text: `
    update webhook_event set status = 'RECEIVED', attempts = 0, last_error = null, processed_at = null
    where id = $1 returning ${COLUMNS}`,
};

const ENQUEUE: Statement = {
  name: 'inbox_enqueue',
  // In one order, so that two who take the keys of the same jobs wait for each other.
  text: `
    select id, ${ADD_JOB} as "jobId" from (
      select id from webhook_event where id = any ($1::uuid[]) and status = 'RECEIVED' order by id offset 0
    ) e`,
};

// A job does not say which round or which events it is for: as long as one waits for longer than a moment, nobody knows what
// was forgotten.
const ENQUEUE_FORGOTTEN: Statement = {
  name: 'inbox_enqueue_forgotten',
  text: `
    with forgotten as (
      select e.id from webhook_event e
      where e.status in ('RECEIVED', 'FAILED') and e.received_at <= $1 and not exists (
        select 1 from graphile_worker.jobs j
        where j.key = 'webhook-event:' || e.id and (j.locked_at is not null or j.attempts < j.max_attempts)
      ) and not exists (
        select 1 from graphile_worker.jobs j
        where j.task_identifier in ('${WORK_WEBHOOK_ROUND}', '${WORK_WEBHOOK_EVENTS}')
          and j.created_at < now() - interval '30 seconds' and (j.locked_at is not null or j.attempts < j.max_attempts)
      )
      order by e.received_at limit 1000
    )
    select id, ${ADD_JOB} as "jobId" from (select id from forgotten order by id offset 0) e`,
};

/** Every statement by which webhook events are received and worked on. */
export class InboxStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Stores those events that are new, in one statement, if this round is open still, which they join; null: it is not, and
   * nothing was stored. Answers with their ids.
   */
  async joinRound(
    round: string,
    events: readonly NewWebhookEvent[],
  ): Promise<ReadonlySet<string> | null> {
    const [stored] = await this.#database.query<StoredRow>(JOIN_ROUND, [
      round,
      ...columnsOf(events),
    ]);
    return (stored?.round ?? null) === null ? null : new Set(stored?.ids);
  }

  /** Stores those events that are new, in one statement, with a round and the job that will work on it. Answers with their ids. */
  async beginRound(
    round: string,
    events: readonly NewWebhookEvent[],
  ): Promise<ReadonlySet<string>> {
    const [stored] = await this.#database.query<StoredRow>(BEGIN_ROUND, [
      round,
      ...columnsOf(events),
    ]);
    return new Set(stored?.ids);
  }

  /** Ends a round, and answers with the ids of those of its events that nobody has made an attempt at. */
  async endRound(round: string): Promise<string[]> {
    await this.#database.query(END_ROUND, [round]);
    const rows = await this.#database.query<{ id: string }>(IN_ROUND, [round]);
    return rows.map(({ id }) => id);
  }

  /** Those of these events that nobody has made an attempt at; an attempt that is made at once is counted by its end. */
  open(ids: readonly string[]): Promise<BegunEvent[]> {
    return this.#database.query<BegunEvent>(OPEN, [ids]);
  }

  /** Gives each of these events a job of its own. */
  async enqueue(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#database.query(ENQUEUE, [ids]);
  }

  /** Counts an attempt on an event that is not done; null when it is done, in other hands, or not there. */
  async begin(id: string): Promise<BegunEvent | null> {
    const [event] = await this.#database.query<BegunEvent>(BEGIN, [id]);
    return event ?? null;
  }

  /** Takes events for this transaction; answers with those that are neither done nor in other hands. */
  async claim(tx: Transaction, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await tx.query<{ id: string }>(CLAIM, [ids]);
    return new Set(rows.map(({ id }) => id));
  }

  async finish(tx: Transaction, ends: readonly EndedEvent[], processedAt: Date): Promise<void> {
    await tx.query(FINISH, [
      ends.map(({ id }) => id),
      ends.map(({ status }) => status),
      ends.map(({ lastError }) => lastError),
      ends.map(({ attempts }) => attempts),
      processedAt,
    ]);
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

  /** Puts an event back to the beginning, with a job of its own; null when there is no such event. */
  async restart(tx: Transaction, id: string): Promise<WebhookEvent | null> {
    const [event] = await tx.query<WebhookEvent>(RESTART, [id]);
    if (event !== undefined) await tx.query(ENQUEUE, [[id]]);
    return event ?? null;
  }

  /** Gives a job to open events received before `receivedBefore` that have none left; answers how many. */
  async enqueueForgotten(receivedBefore: Date): Promise<number> {
    const rows = await this.#database.query(ENQUEUE_FORGOTTEN, [receivedBefore]);
    return rows.length;
  }
}

function columnsOf(events: readonly NewWebhookEvent[]): string[] {
  const column = (value: (event: NewWebhookEvent) => string) => events.map(value).join(SEPARATOR);
  return [
    column(({ id }) => id),
    column(({ channel }) => channel),
    column(({ providerEventId }) => providerEventId),
    column(({ type }) => type),
    column(({ payload }) => payload),
    column(({ receivedAt }) => receivedAt.toISOString()),
  ];
}
