import { createHmac, randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { type Dispatch, dispatchTo, type EventServices } from '../../src/inbox/dispatch.ts';
import { EventApplier } from '../../src/inbox/event-applier.ts';
import { EventWorker } from '../../src/inbox/event-worker.ts';
import { InboxStore } from '../../src/inbox/inbox.store.ts';
import { Inbox } from '../../src/inbox/inbox.ts';
import { InboxListStore } from '../../src/inbox/inbox-list.store.ts';
import { WebhookEventSchema } from '../../src/inbox/webhook-event.entity.ts';
import { Database } from '../../src/platform/database/database.ts';
import type { Transaction } from '../../src/platform/database/transaction.ts';
import type { Apply } from '../../src/platform/provider-effect.ts';
import type { VerifiedWebhook } from '../../src/providers/payment-objects.ts';
import { createStripeProvider } from '../../src/providers/stripe/stripe-provider.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const WEBHOOK_SECRET = 'whsec_inbox';

const clock = { now: () => new Date() };

export const silent = pino({ level: 'silent' });

/** The real adapter; nothing in these tests makes it call Stripe. */
export const stripe = createStripeProvider({
  secretKey: 'sk_test_inbox',
  publishableKey: null,
  webhookSecrets: [WEBHOOK_SECRET],
  apiBase: 'http://127.0.0.1:9',
});

export interface InboxDatabase {
  readonly files: TestDatabase;
  readonly owner: Database;
  /** As the gateway's role. */
  readonly database: Database;
  close(): Promise<void>;
}

/** A database with a table of effects. */
export async function inboxDatabase(): Promise<InboxDatabase> {
  const files = await createTestDatabase();
  const owner = await connect(files.ownerUrl, 2);
  // Shows how often something was committed: nothing makes its rows unique.
  await owner.pool.query(
    'create table effect (what text not null); grant select, insert on effect to tollgate_app',
  );
  const database = await connect(files.appUrl, 12);
  const close = async () => {
    await database.close();
    await owner.close();
    await files.drop();
  };
  return { files, owner, database, close };
}

/** An inbox with one event in it. */
export async function received(
  database: Database,
  dispatch = always(async (what) => leaveEffect(what)),
) {
  const inbox = inboxOn(database);
  const worker = workerOn(database, dispatch);
  const webhook = verified();
  await inbox.receive('STRIPE', webhook);
  const { id } = await rowOf(database, webhook.eventId);
  return {
    inbox,
    worker,
    id,
    what: `sub_of_${webhook.eventId}`,
    row: () => rowOf(database, webhook.eventId),
  };
}

export function connect(url: string, poolSize = 6): Promise<Database> {
  return Database.connect({
    url,
    entities: [WebhookEventSchema],
    poolSize,
    onPoolError: () => undefined,
  });
}

export function inboxOn(database: Database): Inbox {
  const store = new InboxStore(database);
  return new Inbox({ database, clock, store, lists: new InboxListStore(database), logger: silent });
}

export function workerOn(
  database: Database,
  dispatch: Dispatch,
  onHold: (ids: readonly string[]) => void = () => undefined,
): EventWorker {
  const store = new InboxStore(database);
  const accounts = { holdAll: async (_tx: Transaction, ids: readonly string[]) => onHold(ids) };
  const applier = new EventApplier({ database, clock, store, accounts });
  const providers = new Map([['STRIPE', stripe]] as const);
  return new EventWorker({ store, providers, dispatch, applier, logger: silent });
}

/** Services that do the same whatever was announced. */
export function always(first: (what: string) => Promise<Apply>): Dispatch {
  const services: EventServices = {
    orders: {
      checkoutChanged: (_channel, checkout) => first(checkout.checkoutId),
      checkoutPaymentFailed: (_channel, checkout) => first(checkout.checkoutId),
    },
    subscriptions: { subscriptionChanged: (_channel, subscriptionId) => first(subscriptionId) },
    invoices: {
      invoiceChanged: (_channel, invoice) => first(invoice.invoiceId),
      invoicePaymentFailed: (_channel, invoice) => first(invoice.invoiceId),
    },
    paymentMethods: { paymentMethodsChanged: (_channel, customerId) => first(customerId) },
    reversals: { paymentReversed: (_channel, paymentId) => first(paymentId) },
  };
  return dispatchTo(services);
}

export const leaveEffect =
  (what: string): Apply =>
  async (tx: Transaction) => {
    await tx.query('insert into effect (what) values ($1)', [what]);
    return 'applied';
  };

export function subscriptionUpdated(id = `evt_${randomUUID()}`, overrides: object = {}): object {
  return {
    id,
    object: 'event',
    api_version: '2026-10-28.endive',
    created: 1_767_225_605,
    type: 'customer.subscription.updated',
    livemode: false,
    pending_webhooks: 1,
    request: null,
    data: { object: { id: `sub_of_${id}`, object: 'subscription', customer: 'cus_1' } },
    ...overrides,
  };
}

export function verified(event: object = subscriptionUpdated()): VerifiedWebhook {
  const { id, type } = event as { id: string; type: string };
  return { eventId: id, type, text: JSON.stringify(event) };
}

/** What Stripe puts beside a body, computed by hand. */
export function signatureOf(
  body: string | Buffer,
  at = Date.now(),
  secret = WEBHOOK_SECRET,
): string {
  const time = Math.floor(at / 1000);
  const digest = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex');
  return `t=${time},v1=${digest}`;
}

export interface InboxRow {
  id: string;
  status: string;
  attempts: number;
  last_error: string | null;
  processed_at: Date | null;
  payload: unknown;
}

/** With the payload as a text, which may be anything. */
export async function rawRowOf(database: Database, providerEventId: string): Promise<InboxRow> {
  const { rows } = await database.pool.query<InboxRow>(
    'select * from webhook_event where provider_event_id = $1',
    [providerEventId],
  );
  if (rows.length !== 1) throw new Error(`There are ${rows.length} rows of ${providerEventId}.`);
  return rows[0] as InboxRow;
}

export async function rowOf(database: Database, providerEventId: string): Promise<InboxRow> {
  const row = await rawRowOf(database, providerEventId);
  return { ...row, payload: JSON.parse(String(row.payload)) };
}

export async function effects(database: Database, what: string): Promise<number> {
  const { rows } = await database.pool.query('select 1 from effect where what = $1', [what]);
  return rows.length;
}

/** Whether a job is for the event with the id $1. */
export const IS_OF = `payload->>'id' in (select unnest(array[id, round])::text from webhook_event where id = $1::uuid)`;

/** How many jobs there are for this event, alone or with those of its round. */
export async function jobsOf({ owner }: InboxDatabase, eventId: string): Promise<number> {
  const { rows } = await owner.pool.query(
    `select 1 from graphile_worker._private_jobs where ${IS_OF}`,
    [eventId],
  );
  return rows.length;
}
