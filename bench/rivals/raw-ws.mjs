// ws without any protocol on top, broadcasting as its documentation does: the same bytes to everyone who watches the account. What
// moved is read once for each account, one statement after the other.
import { WebSocket, WebSocketServer } from 'ws';
import { hear, port, READ_TOGETHER, read, upAndRunning } from './push-ledger.mjs';

const ID = '00000000-0000-4000-8000-000000000000';
/** By account: up to where it was told of, and to whom. */
const watched = new Map();
const moved = new Set();
let isReading = false;

await hear((account) => {
  for (const known of account === '*' ? watched.keys() : [account])
    if (watched.has(known)) moved.add(known);
  if (!isReading && moved.size > 0) void broadcastMoved();
});
const server = upAndRunning();
const sockets = new WebSocketServer({ server, path: '/graphql' });
sockets.on('connection', (client) => {
  client.on('error', () => undefined);
  client.on('message', async (data) => {
    const { type, payload } = JSON.parse(data);
    if (type !== 'connection_init') return;
    const { account } = payload;
    const [event] = await read([{ account, after: null }]);
    const watch = watched.get(account) ?? { after: event.balance.sequence, clients: new Set() };
    watched.set(account, watch);
    watch.clients.add(client);
    client.once('close', () => watch.clients.delete(client));
    client.send('{"type":"connection_ack"}');
    client.send(messageOf(event), { binary: false });
  });
});
server.listen({ port, host: '127.0.0.1', backlog: 4_096 });

async function broadcastMoved() {
  isReading = true;
  while (moved.size > 0) {
    const accounts = [...moved].slice(0, READ_TOGETHER);
    for (const account of accounts) moved.delete(account);
    const asked = accounts.map((account) => ({ account, after: watched.get(account).after }));
    const events = await read(asked);
    for (const [n, account] of accounts.entries()) broadcast(watched.get(account), events[n]);
  }
  isReading = false;
}

function broadcast(watch, event) {
  if (event.transactions.length === 0) return;
  watch.after = event.balance.sequence;
  const data = messageOf(event);
  for (const client of watch.clients)
    if (client.readyState === WebSocket.OPEN) client.send(data, { binary: false });
}

function messageOf(creditBalanceChanged) {
  const payload = { data: { creditBalanceChanged } };
  return Buffer.from(JSON.stringify({ id: ID, type: 'next', payload }));
}
