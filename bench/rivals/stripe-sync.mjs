// Supabase's Stripe Sync Engine behind Fastify, as its documentation sets it up. Related objects are not fetched from Stripe:
// the events carry all that is written. Arguments of the process: the database's URL, the port, the webhook secret.
import { createRequire } from 'node:module';
import Fastify from 'fastify';

// As a module of the newer kind it does not find its own migrations.
const { runMigrations, StripeSync } = createRequire(import.meta.url)(
  '@supabase/stripe-sync-engine',
);

const [connectionString, port, secret] = process.argv.slice(2);
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
app.post('/webhooks/stripe', async (request) => {
  await sync.processWebhook(request.body, request.headers['stripe-signature']);
  return { received: true };
});
await app.listen({ host: '127.0.0.1', port: Number(port) });
