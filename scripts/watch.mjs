// Watches an account over graphql-ws, as a client of yours would: node scripts/watch.mjs [key] [url]
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { root } from './lib/project.mjs';

const BALANCE = `subscription {
  creditBalanceChanged {
    balance { available }
    transactions { sequence type amount description }
  }
}`;
const ACCOUNT = `subscription {
  accountChanged { status statusEndsAt plan { slug } subscription { status } }
}`;

const [key = await demoKey(), url = 'ws://127.0.0.1:4000/graphql'] = process.argv.slice(2);
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: `Bearer ${key}` },
});
await Promise.all([watchBalance(), watchAccount()]);

async function watchBalance() {
  for await (const { creditBalanceChanged } of events(BALANCE)) {
    for (const { sequence, type, amount, description } of creditBalanceChanged.transactions) {
      console.log(`#${sequence} ${type} ${amount}${description ? `  ${description}` : ''}`);
    }
    console.log(`available: ${creditBalanceChanged.balance.available}`);
  }
}

/** Says what an account is when that is something else than before. */
async function watchAccount() {
  let before = '';
  for await (const { accountChanged } of events(ACCOUNT)) {
    const { status, statusEndsAt, plan, subscription } = accountChanged;
    const until = statusEndsAt ? ` until ${statusEndsAt}` : '';
    const line = `${status}${until}, plan ${plan.slug}, subscription ${subscription?.status ?? 'none'}`;
    if (line !== before) console.log(line);
    before = line;
  }
}

async function* events(query) {
  for await (const { data, errors } of client.iterate({ query })) {
    if (errors) throw new Error(errors[0].message);
    yield data;
  }
}

async function demoKey() {
  const file = join(process.env.DATA_DIR ?? join(root, '.tollgate'), 'keys.json');
  return JSON.parse(await readFile(file, 'utf8')).masterKey;
}
