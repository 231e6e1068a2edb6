// Watches an account's balance over graphql-ws, as a client of yours would: node scripts/watch.mjs [key] [url]
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { root } from './lib/project.mjs';

const SUBSCRIPTION = `subscription ($after: SafeInt) {
  creditBalanceChanged(after: $after) {
    lagged
    balance { available sequence }
    transactions { sequence type amount description }
  }
}`;

const [key = await demoKey(), url = 'ws://127.0.0.1:4000/graphql'] = process.argv.slice(2);
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: `Bearer ${key}` },
});
const events = client.iterate({ query: SUBSCRIPTION, variables: {} });
for await (const { data, errors } of events) {
  if (errors) throw new Error(errors[0].message);
  const { balance, transactions } = data.creditBalanceChanged;
  for (const { sequence, type, amount, description } of transactions) {
    console.log(`#${sequence} ${type} ${amount}${description ? `  ${description}` : ''}`);
  }
  console.log(`available: ${balance.available}`);
}

async function demoKey() {
  const file = join(process.env.DATA_DIR ?? join(root, '.tollgate'), 'keys.json');
  return JSON.parse(await readFile(file, 'utf8')).masterKey;
}
