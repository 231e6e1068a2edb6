import Fastify from 'fastify';
import { verifyWebhooks } from '../support/webhook-events.ts';

// Checks signatures and does nothing with the events: what no server that checks them can pass.
const [, port = ''] = process.argv.slice(2);
const app = Fastify();
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
  done(null, body),
);
const verify = verifyWebhooks();
app.post('/webhooks/stripe', async ({ body, headers }) => {
  verify(body as Buffer, headers);
  return { received: true };
});
await app.listen({ host: '127.0.0.1', port: Number(port) });
process.once('SIGTERM', () => void app.close());
