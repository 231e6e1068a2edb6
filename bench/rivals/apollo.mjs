// Apollo Server as its documentation begins: the standalone server.
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { port, publishableKey, typeDefs } from './trivial-schema.mjs';

const server = new ApolloServer({
  typeDefs,
  resolvers: { Query: { publishableKey: () => publishableKey } },
});
await startStandaloneServer(server, { listen: { host: '127.0.0.1', port } });
