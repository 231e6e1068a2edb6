// What the servers that only push have of the ledger: a connection that hears which balances moved, and one statement that reads
// what is new of many accounts.
import { createServer } from 'node:http';
import pg from 'pg';

const [, , url, portText] = process.argv;
const database = new pg.Pool({ connectionString: url, max: 10 });

const NEWS = `
  select w.n::int, b.sequence::int, b.version::int, b.total_micro::float8 as total, b.plan_micro::float8 as plan,
    b.purchased_micro::float8 as purchased, b.held_micro::float8 as held, b.owed_micro::float8 as owed, (
      select json_agg(json_build_array(t.sequence, t.type, t.usage_type, t.amount_micro, t.balance_after_micro, t.description,
        t.created_at) order by t.sequence)
      from credit_transaction t where t.account_id = b.account_id and t.sequence > w.after and t.sequence <= b.sequence) as entries
  from unnest($1::uuid[], $2::bigint[]) with ordinality as w (account, after, n) join credit_balance b on b.account_id = w.account`;

/** As many accounts as one statement reads best. */
export const READ_TOGETHER = 1_000;

/** Calls `onMoved` with every account that may have moved; `*`: any of them. */
export async function hear(onMoved) {
  const client = new pg.Client({ connectionString: url });
  client.on('notification', ({ payload }) => {
    const [topic, ids] = payload.split(':');
    if (topic === 'balance') for (const account of ids.split(',')) onMoved(account);
  });
  await client.connect();
  await client.query('listen tollgate');
}

/**
 * The present state of accounts, each with the entries after a sequence (null: none), in the order in which they were asked for.
 */
export async function read(asked) {
  const values = [asked.map(({ account }) => account), asked.map(({ after }) => after)];
  const { rows } = await database.query({ name: 'news', text: NEWS, values });
  const events = new Array(asked.length);
  for (const row of rows) events[row.n - 1] = eventOf(asked[row.n - 1].account, row);
  return events;
}

function eventOf(account, { sequence, version, total, plan, purchased, held, owed, entries }) {
  const balance = {
    version,
    sequence,
    total: credits(total),
    planCredits: credits(plan),
    purchasedCredits: credits(purchased),
    promotionalCredits: credits(total - plan - purchased),
    held: credits(held),
    owed: credits(owed),
    available: credits(owed > 0 ? 0 : total - held),
  };
  const transactions = (entries ?? []).map((entry) => transactionOf(account, entry));
  return { balance, transactions, lagged: false };
}

function transactionOf(
  account,
  [sequence, type, usageType, amount, balanceAfter, description, createdAt],
) {
  return {
    id: `${account}-${sequence}`,
    sequence,
    type,
    usageType,
    amount: credits(amount),
    balanceAfter: credits(balanceAfter),
    description,
    createdAt: new Date(createdAt).toISOString(),
  };
}

/** Micro-credits as they are shown. */
function credits(micro) {
  return String(micro / 1e6);
}

/** An HTTP server that tells everybody that it is up. */
export function upAndRunning() {
  return createServer((_request, response) => response.end('{"ok":true}'));
}

export const port = Number(portText);
