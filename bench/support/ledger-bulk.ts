import { Client } from 'pg';

/** How many entries the stage gives to every account: two grants and a spend. */
const ENTRIES_AT_FIRST = 3;
/** A micro-credit is enough for an entry, and leaves the rest to be spent. */
const SPEND_MICRO = 1;

/** Constraints that are indexes: they are made again when the rows are in, which checks every row. */
const INDEXES = {
  credit_transaction: 'primary key (account_id, sequence)',
  credit_allocation: 'primary key (account_id, sequence, grant_id)',
  idempotency_key: 'primary key (account_id, operation, key)',
} as const;

/**
 * Fills the ledger up to about so many entries, spread evenly over the accounts and in the order of time, as if they had been
 * spent one after the other: entries, allocations, keys, grants and balances agree. Checks and triggers stay on. Answers
 * how long it took, in milliseconds, and how many entries each account has.
 */
export async function fillLedger(
  databaseUrl: string,
  accounts: number,
  entries: number,
): Promise<{ readonly tookMs: number; readonly perAccount: number }> {
  const perAccount = Math.max(ENTRIES_AT_FIRST, Math.round(entries / accounts));
  const begun = performance.now();
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query("set maintenance_work_mem = '512MB'");
    const secondary = await dropIndexes(client);
    await client.query(fill(perAccount));
    for (const [table, key] of Object.entries(INDEXES))
      await client.query(`alter table ${table} add constraint ${table}_pkey ${key}`);
    for (const definition of secondary) await client.query(definition);
    await client.query('vacuum (analyze)');
    await client.query('checkpoint').catch(() => undefined);
  } finally {
    await client.end();
  }
  return { tookMs: performance.now() - begun, perAccount };
}

/** Answers how those are made again that belong to no constraint. */
async function dropIndexes(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes
     where tablename = any ($1) and indexname <> tablename || '_pkey'`,
    [Object.keys(INDEXES)],
  );
  for (const table of Object.keys(INDEXES))
    await client.query(`alter table ${table} drop constraint ${table}_pkey`);
  for (const { name } of rows) await client.query(`drop index ${name}`);
  return rows.map(({ definition }) => definition);
}

/** The plan's grant pays for all of it. */
function fill(perAccount: number): string {
  const more = perAccount - ENTRIES_AT_FIRST;
  const first = ENTRIES_AT_FIRST + 1;
  const spent = `${SPEND_MICRO} * (s - ${ENTRIES_AT_FIRST})`;
  const rows = `generate_series(${first}, ${perAccount}) s cross join lateral (select * from filled offset 0) f`;
  const half = "f.made_at + s * 7 * interval '1 second'";
  return `
    create temp table filled as
      select b.account_id, b.total_micro, g.id as grant_id, timestamptz '2026-02-02 00:00Z' as made_at
      from credit_balance b join credit_grant g on g.account_id = b.account_id and g.source = 'PLAN';
    insert into credit_transaction
      select f.account_id, s, 'SPEND', 'ai_usage', -${SPEND_MICRO}, f.total_micro - ${spent}, 'Chat completion',
        '{"model": "large", "tokens": 1250}', md5(s::text)::uuid::text, ${half} from ${rows};
    insert into credit_allocation select f.account_id, s, f.grant_id, -${SPEND_MICRO} from ${rows};
    insert into idempotency_key
      select f.account_id, 'spendCredits', md5(s::text)::uuid::text, sha256('bulk'), s from ${rows};
    update credit_grant g set remaining_micro = remaining_micro - ${SPEND_MICRO * more} from filled f where g.id = f.grant_id;
    update credit_balance b set sequence = sequence + ${more}, version = version + ${more},
        total_micro = b.total_micro - ${SPEND_MICRO * more}, plan_micro = plan_micro - ${SPEND_MICRO * more}
      from filled f where f.account_id = b.account_id;
    drop table filled`;
}

/** Gives one account so many open grants in all; those of the stage are two of them. */
export async function addGrants(
  databaseUrl: string,
  accountId: string,
  grants: number,
): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(
      `select ledger_grant(timestamptz '2026-03-01 00:00Z' + n * interval '1 second', gen_random_uuid(), $1::uuid, 'PURCHASE', 1000000, 30,
        timestamptz '2026-03-01 00:00Z', timestamptz '2090-01-01 00:00Z' + n * interval '1 hour', 'bench-many', $1::text || '/' || n,
        'GRANT', 'One of many') from generate_series(1, $2::int - 2) n`,
      [accountId, grants],
    );
    await client.query('vacuum (analyze)');
  } finally {
    await client.end();
  }
}
