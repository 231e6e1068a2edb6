// GraphQL Yoga on Node's own server, as its documentation begins.
import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';
import { port, publishableKey, typeDefs } from './trivial-schema.mjs';

const yoga = createYoga({
  schema: createSchema({
    typeDefs,
    resolvers: { Query: { publishableKey: () => publishableKey } },
  }),
  logging: false,
});
createServer(yoga).listen(port, '127.0.0.1');
