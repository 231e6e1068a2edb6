import { Client } from 'pg';
import { Database } from '../../src/platform/database/database.ts';
import { entities } from '../../src/platform/database/entities.ts';
import { ledgerFaults } from '../support/ledger-checker.ts';
import type { Operation } from './journal.ts';

type Books = Readonly<Record<string, readonly Record<string, unknown>[]>>;

/** Every way in which the gateways' records could contradict their clients, and the rows that do. */
const AGAINST_CLIENTS: Readonly<Record<string, string>> = {
  'an acknowledged account is not there': `
    select o.key from told o where o.kind = 'account' and o.outcome = 'acknowledged'
      and not exists (select from account a where a.id = o.account_id and a.external_id = o.key)`,
  'an acknowledged spend or capture is not there once, as it was asked for': `
    select o.kind, o.key from told o where o.kind in ('spend', 'capture') and o.outcome = 'acknowledged' and 1 <> (
      select count(*) from credit_transaction t where t.account_id = o.account_id and t.idempotency_key = o.key
        and t.type = case o.kind when 'spend' then 'SPEND' else 'HOLD_CAPTURE' end and t.amount_micro = -o.amount_micro)`,
  'a refused spend or capture is there': `
    select o.kind, o.key from told o join credit_transaction t
      on t.account_id = o.account_id and t.idempotency_key = o.key
    where o.kind in ('spend', 'capture') and o.outcome = 'refused'`,
  'a spend or capture is there that nobody asked for': `
    select t.account_id, t.sequence from credit_transaction t where t.type in ('SPEND', 'HOLD_CAPTURE')
      and not exists (select from told o where o.account_id = t.account_id and o.key = t.idempotency_key
        and o.kind in ('spend', 'capture'))`,
  'a spend or capture is there twice': `
    select account_id, idempotency_key from credit_transaction where type in ('SPEND', 'HOLD_CAPTURE')
    group by account_id, idempotency_key having count(*) > 1`,
  'an acknowledged hold is not there as it was asked for': `
    select o.key from told o where o.kind = 'hold' and o.outcome = 'acknowledged' and not exists (
      select from credit_hold h where h.id = o.hold_id and h.account_id = o.account_id
        and h.idempotency_key = o.key and h.amount_micro = o.amount_micro)`,
  'a refused hold is there, or one that nobody asked for': `
    select h.id from credit_hold h left join told o
      on o.kind = 'hold' and o.account_id = h.account_id and o.key = h.idempotency_key
    where o.key is null or o.outcome = 'refused'`,
  'a hold did not end as its owner was told': `
    select h.id, h.status, o.kind, o.outcome from credit_hold h left join told o
      on o.hold_id = h.id and o.kind in ('capture', 'release')
    where case coalesce(o.outcome, 'none')
      when 'acknowledged' then h.status <> case o.kind when 'capture' then 'CAPTURED' else 'RELEASED' end
      when 'unknown' then h.status not in ('OPEN', case o.kind when 'capture' then 'CAPTURED' else 'RELEASED' end)
      else h.status <> 'OPEN' end`,
  'an acknowledged check-in is not there once, with its credits': `
    select o.account_id from told o where o.kind = 'check-in' and o.outcome = 'acknowledged' and not exists (
      select from check_in c join credit_grant g on g.cause_kind = 'check-in' and g.cause_id = c.id::text
      where c.account_id = o.account_id)`,
  'credits of a check-in have no check-in': `
    select g.id from credit_grant g left join check_in c on c.id::text = g.cause_id
    where g.cause_kind = 'check-in' and c.id is null`,
  'an acknowledged top-up is not there': `
    select o.key from told o where o.kind = 'top-up' and o.outcome = 'acknowledged' and not exists (
      select from purchase_order p where p.id = o.order_id and p.account_id = o.account_id
        and p.idempotency_key = o.key)`,
  'a refused top-up is there, or one that nobody asked for': `
    select p.id from purchase_order p left join told o
      on o.kind = 'top-up' and o.account_id = p.account_id and o.key = p.idempotency_key
    where o.key is null or o.outcome = 'refused'`,
};

/** The same of the provider's books, the truth about money. */
const AGAINST_BOOKS: Readonly<Record<string, string>> = {
  'an order has several checkouts at the provider': `
    select order_id from checkout group by order_id having count(*) > 1`,
  'an account has several customers at the provider': `
    select account_id from customer group by account_id having count(*) > 1`,
  'a checkout at the provider belongs to no order': `
    select c.id from checkout c left join purchase_order p on p.id = c.order_id where p.id is null`,
  'a checkout that was paid is not credited once': `
    select c.id from checkout c join purchase_order p on p.id = c.order_id
    where c.is_paid and (p.status <> 'PAID' or 1 <> (
      select count(*) from credit_grant g where g.cause_kind = 'order' and g.cause_id = p.id::text
        and g.account_id = p.account_id and g.amount_micro = p.credits_micro))`,
  'an order is paid, or credited, without the money': `
    select p.id from purchase_order p left join checkout c on c.order_id = p.id and c.is_paid
    where c.id is null and (p.status = 'PAID'
      or exists (select from credit_grant g where g.cause_kind = 'order' and g.cause_id = p.id::text))`,
  'an event of the provider never arrived': `
    select e.id from event e left join webhook_event w on w.provider_event_id = e.id where w.id is null`,
  'an event of the provider is neither done nor dead with a reason': `
    select id, status from webhook_event
    where status not in ('PROCESSED', 'IGNORED') and (status <> 'DEAD' or last_error is null)`,
};

const TABLES = `
  create temp table told as select * from json_to_recordset($1) as t (
    kind text, account_id uuid, key text, amount_micro bigint, hold_id uuid, order_id uuid, outcome text);
  create temp table checkout as select * from json_to_recordset($2) as t (id text, order_id uuid, is_paid boolean);
  create temp table customer as select * from json_to_recordset($3) as t (id text, account_id uuid);
  create temp table event as select * from json_to_recordset($4) as t (id text)`;

/** What is wrong with the records of the gateways, held against what clients were told and what the provider did. */
export async function recordFaults(
  databaseUrl: string,
  operations: readonly Operation[],
  books: Books,
): Promise<string[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const values = [operations.map(toRow), ...rowsOf(books)].map((rows) => JSON.stringify(rows));
    for (const [index, statement] of TABLES.split(';').entries())
      await client.query(statement.replace(/\$\d/, '$1'), [values[index]]);
    await client.query('analyze told, checkout, customer, event');
    const found: string[] = [];
    for (const [fault, query] of Object.entries({ ...AGAINST_CLIENTS, ...AGAINST_BOOKS })) {
      const { rows } = await client.query(`${query} limit 3`);
      for (const row of rows) found.push(`${fault}: ${Object.values(row).join(' ')}`);
    }
    return [...found, ...(await faultsOfLedger(databaseUrl))];
  } finally {
    await client.end();
  }
}

function toRow({ accountId, amountMicro, holdId, orderId, ...rest }: Operation) {
  return {
    ...rest,
    account_id: accountId,
    amount_micro: amountMicro,
    hold_id: holdId,
    order_id: orderId,
  };
}

/** The checkouts, customers and events of the provider, as far as they are compared. */
function rowsOf(books: Books): object[][] {
  const accountOf = ({ metadata }: Record<string, unknown>) =>
    (metadata as { accountId?: string } | null)?.accountId ?? null;
  const checkouts = (books['checkout.session'] ?? []).map((session) => ({
    id: session.id,
    order_id: session.client_reference_id,
    is_paid: session.payment_status === 'paid',
  }));
  const customers = (books.customer ?? []).map((customer) => ({
    id: customer.id,
    account_id: accountOf(customer),
  }));
  return [checkouts, customers, (books.event ?? []).map(({ id }) => ({ id }))];
}

async function faultsOfLedger(url: string): Promise<string[]> {
  const options = { url, entities, poolSize: 2, onPoolError: () => undefined };
  const database = await Database.connect(options);
  try {
    return await ledgerFaults(database);
  } finally {
    await database.close();
  }
}
