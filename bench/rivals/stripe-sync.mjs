// Supabase's Stripe Sync Engine behind Fastify, as its documentation sets it up. Related objects are not fetched from Stripe:
// the events carry all that is written. Arguments of the process: the database's URL, the port, the webhook secret, and
// `keeping-events` for what Stripe's documentation asks of a receiver besides: that it knows an event that comes again.
import { createRequire } from 'node:module';
import Fastify from 'fastify';

// As a module of the newer kind it does not find its own migrations.
const { runMigrations, StripeSync } = createRequire(import.meta.url)(
  '@supabase/stripe-sync-engine',
);

const [connectionString, port, secret, keeping] = process.argv.slice(2);
await runMigrations({ databaseUrl: connectionString, schema: 'stripe', logger: console });
const sync = new StripeSync({
  poolConfig: { connectionString, max: 20 },
  stripeSecretKey: 'sk_test_bench',
  stripeWebhookSecret: secret,
  autoExpandLists: false,
  backfillRelatedEntities: false,
});

const app = Fastify();
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
  done(null, body),
);
const work = keeping === 'keeping-events' ? await keepingEvents() : asPublished;
app.post('/webhooks/stripe', async (request) => {
  await work(request.body, request.headers['stripe-signature']);
  return { received: true };
});
await app.listen({ host: '127.0.0.1', port: Number(port) });

function asPublished(body, signature) {
  return sync.processWebhook(body, signature);
}

/** Every event is kept under its unique id, and worked on when it was not there; by the engine's own connections. */
async function keepingEvents() {
  const { pool } = sync.postgresClient;
  await pool.query(
    'create table received_event (id text primary key, type text not null, body text not null, received_at timestamptz not null)',
  );
  const keep = 'insert into received_event values ($1, $2, $3, now()) on conflict (id) do nothing';
  return async (body, signature) => {
    const event = await sync.stripe.webhooks.constructEventAsync(body, signature, secret);
    const values = [event.id, event.type, body.toString()];
    const { rowCount } = await pool.query({ name: 'keep', text: keep, values });
    if (rowCount === 0) return;
    try {
      await sync.processEvent(event);
    } catch (error) {
      // Stripe is answered 500 and sends it again.
      await pool.query('delete from received_event where id = $1', [event.id]);
      throw error;
    }
  };
}
