// ws without any protocol on top, broadcasting as its documentation does: the same bytes to everyone who watches the account.
import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { port, publishing, snapshotOf, spendFrom } from './push-book.mjs';

const ID = '00000000-0000-4000-8000-000000000000';
const watchers = new Map();

const server = createServer(
  publishing((account) => {
    const data = messageOf(spendFrom(account));
    for (const client of watchers.get(account) ?? []) {
      if (client.readyState === WebSocket.OPEN) client.send(data, { binary: false });
    }
  }),
);
const sockets = new WebSocketServer({ server, path: '/graphql' });
sockets.on('connection', (client) => {
  client.on('error', () => undefined);
  client.on('message', (data) => {
    const { type, payload } = JSON.parse(data);
    if (type !== 'connection_init') return;
    const { account } = payload;
    const clients = watchers.get(account) ?? new Set();
    watchers.set(account, clients.add(client));
    client.once('close', () => clients.delete(client));
    client.send('{"type":"connection_ack"}');
    client.send(messageOf(snapshotOf(account)), { binary: false });
  });
});
server.listen({ port, host: '127.0.0.1', backlog: 4_096 });

function messageOf({ creditBalanceChanged }) {
  const payload = { data: { creditBalanceChanged } };
  return Buffer.from(JSON.stringify({ id: ID, type: 'next', payload }));
}
