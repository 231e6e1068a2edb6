// `npm run bench:webhooks`: how fast signed events are taken in and acted on, beside Supabase's Stripe Sync Engine on the same
// PostgreSQL, and beside checking signatures alone.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Client } from 'pg';
import { median } from './support/measurement.ts';
import { goalRow, machine, table } from './support/report-text.ts';
import { REPETITIONS } from './support/request-race.ts';
import { writeSection } from './support/results-file.ts';
import {
  peer,
  rival,
  startServerProcess,
  stopChild,
  tollgateWith,
} from './support/server-process.ts';
import { seededAccount } from './support/spend-operation.ts';
import { ACCOUNTS, type Stage, setStage } from './support/stage.ts';
import { customerOf, WEBHOOK_SECRET } from './support/webhook-events.ts';
import type { WebhookMeasurement, WebhookOrder } from './support/webhook-load.ts';

const CONNECTIONS = [16, 64] as const;
/** For each repetition. */
const EVENTS = 2_000;
/** For each of them, before the race, a slice after the other: a server that has run for a while is what is measured. */
const WARM_UP = { slices: 3, sliceMs: 2_500 };
const LOOK_EVERY_MS = 10;

interface Receiver {
  readonly title: string;
  readonly port: number;
  /** In each of them an event becomes one row; in the first one last of all. */
  readonly tables: readonly string[];
  readonly count: (table: string) => Promise<number>;
  readonly found: Map<number, Found[]>;
  stop(): Promise<void>;
}

interface Found {
  /** Events a second until each was answered, and until the last one was acted on. */
  readonly answered: number;
  readonly applied: number;
  readonly p99Ms: number;
}

const stage = await setStage();
await stage.makeLogFiles();
try {
  await race(stage);
} finally {
  await stage.close();
}

async function race(on: Stage): Promise<void> {
  const receivers = [
    await startTollgate(on),
    await startRival(on, 'webhooks_keeping', 'keeping-events'),
    await startRival(on, 'webhooks_rival'),
    await startVerifier(on),
  ] as const;
  const generator = fork(new URL('./support/webhook-load.ts', import.meta.url));
  try {
    const turn = (receiver: Receiver, callers: number) => measure(receiver, generator, callers);
    for (let slice = 0; slice < WARM_UP.slices; slice += 1)
      for (const receiver of receivers) await warmUp(receiver, turn);
    await takeTurns(receivers, async (receiver, callers) => {
      keep(receiver, callers, await turn(receiver, callers));
    });
    await report(on, receivers);
  } finally {
    await stopChild(generator);
    for (const receiver of receivers) await receiver.stop();
  }
}

type Turn<Result> = (receiver: Receiver, callers: number) => Promise<Result>;

/** Nothing of this is counted. */
async function warmUp(receiver: Receiver, turn: Turn<unknown>): Promise<void> {
  const until = performance.now() + WARM_UP.sliceMs;
  while (performance.now() < until)
    for (const callers of CONNECTIONS) await turn(receiver, callers);
}

/** Repetition by repetition, everyone's turn in each; who begins changes. */
async function takeTurns(receivers: readonly Receiver[], turn: Turn<void>): Promise<void> {
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    const order = repetition % 2 === 0 ? receivers : receivers.toReversed();
    for (const callers of CONNECTIONS) for (const receiver of order) await turn(receiver, callers);
  }
}

function keep({ found }: Receiver, callers: number, measured: Found): void {
  found.set(callers, [...(found.get(callers) ?? []), measured]);
}

async function startTollgate(on: Stage): Promise<Receiver> {
  const url = await on.createDatabase('webhooks_tollgate');
  const client = await connect(url);
  const accounts = Array.from({ length: ACCOUNTS }, (_, n) => n);
  await client.query(
    `insert into provider_customer (account_id, channel, customer_id, created_at)
      select account_id, 'STRIPE', customer_id, now() from unnest($1::uuid[], $2::text[]) as c (account_id, customer_id)`,
    [accounts.map((n) => seededAccount(n).id), accounts.map(customerOf)],
  );
  const launch = tollgateWith({ STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRET });
  const tables = ['invoice', 'webhook_event'];
  return receiver('Tollgate', client, tables, await startServerProcess(launch, url, on));
}

async function startRival(on: Stage, database: string, ...keeping: string[]): Promise<Receiver> {
  const url = await on.createEmptyDatabase(database);
  const launch = rival('stripe-sync', WEBHOOK_SECRET, ...keeping);
  const started = await startServerProcess(launch, url, on);
  const tables = ['stripe.invoices', ...keeping.map(() => 'received_event')];
  const title = `Stripe Sync Engine ${keeping.length > 0 ? 'keeping events' : 'as published'}`;
  return receiver(title, await connect(url), tables, started);
}

async function startVerifier(on: Stage): Promise<Receiver> {
  const started = await startServerProcess(peer('verify-only-peer'), '-', on);
  return {
    title: 'signatures alone',
    tables: [],
    count: async () => 0,
    found: new Map(),
    ...started,
  };
}

function receiver(
  title: string,
  client: Client,
  tables: readonly string[],
  { port, stop }: { readonly port: number; stop(): Promise<void> },
): Receiver {
  return {
    title,
    port,
    tables,
    count: async (table) => {
      const text = `select count(*)::integer as count from ${table}`;
      return (await client.query<{ count: number }>(text)).rows[0]?.count ?? 0;
    },
    found: new Map(),
    stop: async () => {
      await client.end();
      await stop();
    },
  };
}

/** Sends new events and waits until each of them has become a row of each table, no more and no less. */
async function measure(
  { title, port, tables, count }: Receiver,
  generator: ReturnType<typeof fork>,
  callers: number,
): Promise<Found> {
  const countAll = () => Promise.all(tables.map(count));
  const expected = (await countAll()).map((rows) => rows + EVENTS);
  const begin = performance.now();
  const order: WebhookOrder = { port, callers, events: EVENTS };
  const answer = once(generator, 'message');
  generator.send(order);
  const [measured] = (await answer) as [WebhookMeasurement | { error: string }];
  if ('error' in measured) throw new Error(measured.error);
  const [last] = tables;
  while (last !== undefined && (await count(last)) < (expected[0] ?? 0)) await pause(LOOK_EVERY_MS);
  const untilApplied = performance.now() - begin;
  const counts = await countAll();
  if (!isDeepStrictEqual(counts, expected))
    throw new Error(`${title} has ${counts} rows in ${tables}, instead of ${expected}.`);
  const answered = (EVENTS / measured.durationMs) * 1_000;
  const applied = (EVENTS / untilApplied) * 1_000;
  const figures = `${answered.toFixed(0).padStart(6)}/s answered ${applied.toFixed(0).padStart(6)}/s applied`;
  process.stderr.write(`  ${String(callers).padEnd(4)}${title.padEnd(36)}${figures}\n`);
  return { answered, applied, p99Ms: measured.p99Ms };
}

async function report(
  on: Stage,
  [ours, theirs, published, alone]: readonly [Receiver, Receiver, Receiver, Receiver],
) {
  const of = ({ found }: Receiver, callers: number, figure: keyof Found) =>
    median((found.get(callers) ?? []).map((one) => one[figure]));
  const rows = CONNECTIONS.flatMap((callers) => {
    const pair = (figure: keyof Found, other: Receiver, otherFigure = figure): [number, number] => [
      of(ours, callers, figure),
      of(other, callers, otherFigure),
    ];
    const at = `${callers} connections`;
    const beside = (other: Receiver) => [
      goalRow(`answered, ${at}`, pair('answered', other), {
        against: other.title,
        atLeast: callers === 16 ? 4 : 6,
      }),
      goalRow(`acted on, ${at}`, pair('applied', other, 'answered'), {
        against: other.title,
        atLeast: 1,
      }),
      goalRow(`p99, ${at}`, pair('p99Ms', other), { against: other.title, unit: 'ms' }),
    ];
    return [
      ...beside(theirs),
      ...beside(published),
      goalRow(`answered, ${at}`, pair('answered', alone), { against: alone.title }),
    ];
  });
  const text = [
    table(['events', 'Tollgate', 'beside', '', 'ratio', 'goal', ''], rows),
    '',
    `${machine()}, Node ${process.versions.node}, PostgreSQL ${on.postgresVersion} with fsync on; pools of 20. Every event is a new ` +
      '`invoice.paid` that becomes one invoice on all sides. Tollgate keeps the event under its unique id before it answers, and the engine ' +
      'where it says so does as much, by its own connections; as published it keeps no events and knows none again. ' +
      `Medians of ${REPETITIONS} interleaved repetitions of ${EVENTS.toLocaleString('en')} events, which were signed before, after ${(WARM_UP.slices * WARM_UP.sliceMs) / 1_000} s of events for each that do not count; the answers were compared, and the rows counted after each.`,
    '',
  ].join('\n');
  process.stdout.write(`\n${text}`);
  await writeSection('webhooks', text);
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}
