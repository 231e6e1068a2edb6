import { Client } from 'pg';

/** How many accounts are filled, and how many rows each of their lists has. */
export const MANY = 5;

/** The same id for the same parts, in the shape that all ids have. */
const id = (...parts: string[]) =>
  `overlay(overlay(md5(concat_ws('/', ${parts})) placing '7' from 13) placing '8' from 17)::uuid`;

/** Everything that anything in the schema can be a list of, for several accounts, so that every list has more than one row. */
const ROWS = `
  insert into account (id, external_id, name, time_zone, currency, status, status_since, created_at, updated_at)
    select ${id("'account'", 'a')}, 'a-' || a, 'Account ' || a, 'UTC', 'USD', 'ACTIVE', '2026-01-01Z', '2026-01-01Z', '2026-01-01Z'
    from generate_series(1, ${MANY}) as a;
  create temp table item as select a.id as account_id, n from account a, generate_series(1, ${MANY}) as n;
  insert into credit_balance (account_id) select id from account;
  insert into coupon (id, code, kind, amount_off_minor, currency, times_redeemed, times_reserved, times_late, plan_slugs,
      is_active, created_at, updated_at)
    select ${id("'coupon'", 'n')}, 'COUPON' || n, 'AMOUNT_OFF', 1000, 'USD', 0, 0, 0, '{pro,starter}', true, now(), now()
    from generate_series(1, ${MANY}) as n;
  insert into purchase_order (id, account_id, kind, status, channel, amount_minor, currency, plan_id, plan_price_id, interval,
      trial_days, operation, idempotency_key, request_hash, success_url, cancel_url, checkout_expires_at, created_at,
      updated_at, coupon_id)
    select ${id("'order'", 'account_id', 'n')}, account_id, 'SUBSCRIPTION', 'PAID', 'STRIPE', 2400, 'USD', p.id, r.id, 'MONTH',
      0, 'createCheckout', 'order-' || n, 'hash', 'https://x.example', 'https://x.example', now(), now(), now(),
      ${id("'coupon'", 'n')}
    from item, plan p join plan_price r on r.plan_id = p.id and r.interval = 'MONTH' where p.slug = 'pro';
  insert into invoice (id, account_id, channel, provider_invoice_id, number, status, amount_minor, currency, created_at, updated_at)
    select ${id("'invoice'", 'account_id', 'n')}, account_id, 'STRIPE', concat_ws('/', account_id, n), n::text, 'PAID', 2400, 'USD',
      now(), now() from item;
  -- Of both kinds in turn, as they are listed and as they are spent.
  select ledger_grant(now(),
    overlay(${id("'grant'", 'kind', 'account_id', 'n')}::text placing lpad((2 * n + (kind = 'order')::int)::text, 8, '0') from 1)::uuid, account_id, 'PURCHASE', 1000000, 2 * n + (kind = 'order')::int, now(), null, kind,
    ${id('kind', 'account_id', 'n')}::text, 'GRANT', 'Credits')
    from item, unnest('{order,invoice}'::text[]) as kind;
  select ledger_debit(now(), array[account_id], json_agg(json_build_object('n', n, 'account_id', account_id, 'amount', 1500000,
    'type', 'SPEND', 'operation', 'spendCredits', 'key', 'key-' || n, 'hash', sha256('x')))) from item group by account_id;
  insert into plan_subscription (id, account_id, plan_id, channel, provider_subscription_id, provider_customer_id,
      provider_price_id, status, interval, monthly_credits, rollover, price_minor, currency, started_at, current_period_start,
      current_period_end, cancel_at_period_end, is_refused, revision, created_at, updated_at)
    select ${id("'subscription'", 'a.id')}, a.id, p.id, 'STRIPE', 'sub_' || a.id, 'cus_' || a.id, 'price', 'ACTIVE', 'MONTH',
      p.monthly_credits, p.rollover, 2400, 'USD', now(), now() - interval '1 day', now() + interval '29 days', false, false, 1,
      now(), now() from account a, plan p where p.slug = 'pro';
  insert into usage_anchor (account_id, starts_at, anchor_at, time_zone) select id, created_at, created_at, time_zone from account;
  insert into usage_counter
    select id, 'apiCalls', date_trunc('month', now()), date_trunc('month', now()) + interval '1 month', 7, 'FINITE', 1000, 'HARD'
    from account;
  insert into usage_daily select account_id, 'apiCalls', current_date - n, n from item;
  insert into lifecycle_transition (account_id, sequence, to_status, trigger, at)
    select account_id, n, 'ACTIVE', 'ACCOUNT_CREATED', now() from item;
  insert into payment_method (id, account_id, channel, provider_payment_method_id, type, is_default, attached_at, updated_at)
    select ${id("'card'", 'account_id', 'n')}, account_id, 'STRIPE', concat_ws('/', account_id, n), 'card', n = 1, now(), now() from item;
  insert into check_in (id, account_id, local_date, streak, credits_micro, created_at)
    select ${id("'check-in'", 'id')}, id, current_date, 1, 1, now() from account;
  insert into auto_recharge (account_id, is_enabled, threshold_micro, amount_minor, currency, monthly_cap_minor, created_at,
      updated_at)
    select id, true, 1, 1000, 'USD', 5000, now(), now() from account;
  insert into api_key (id, kind, name, prefix, secret_hash, scopes, created_at)
    select ${id("'key'", 'n')}, 'ADMIN', 'Key', 'key' || n, 'hash', '{billing:read}', now() from generate_series(1, ${MANY}) as n;
  insert into webhook_event (id, channel, provider_event_id, type, payload, status, attempts, received_at)
    select ${id("'event'", 'n')}, 'STRIPE', 'evt_' || n, 'invoice.paid', '{}', 'PROCESSED', 1, now() from generate_series(1, ${MANY}) as n;
  insert into audit_event (id, at, actor_kind, actor_key_id, action, input, outcome, request_id, account_id)
    select ${id("'audit'", 'account_id', 'n')}, now(), 'ADMIN', 'settings', 'createAccount', '{}', 'DONE', 'request', account_id from item;
  drop table item`;

/** Fills every table that clients can see; answers with the ids of an account and an order. */
export async function givenRows(databaseUrl: string): Promise<{ account: string; order: string }> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(ROWS);
    const { rows } = await client.query(
      'select account_id as account, id as order from purchase_order limit 1',
    );
    return rows[0];
  } finally {
    await client.end();
  }
}
