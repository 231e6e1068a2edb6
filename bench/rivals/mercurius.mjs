// Mercurius with its JIT.
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { port, publishableKey, typeDefs } from './trivial-schema.mjs';

const app = Fastify();
app.register(mercurius, {
  schema: typeDefs,
  resolvers: { Query: { publishableKey: () => publishableKey } },
  jit: 1,
});
await app.listen({ host: '127.0.0.1', port });
