-- Why:  every way in which credits move, in one place and in one round trip: start and expire, grant, debit, end.
-- Lock: none that matters, the functions are new.
-- Undo: drop function ledger_debit, ledger_end_grants, ledger_grant, ledger_settle, ledger_move, ledger_notify; drop type debit_line;

-- Tells the gateways which balances moved. A hint: what moved is read from the tables.
create function ledger_notify(p_accounts uuid[]) returns void language sql as $$
  select pg_notify('tollgate', 'balance:' || case
    when cardinality(p_accounts) <= 200 then array_to_string(p_accounts, ',') else '*' end);
$$;

-- Appends one entry that touches one grant, and moves grant and balance with it. The balance row is locked already.
create function ledger_move(
  p_account uuid, p_grant uuid, p_type text, p_amount bigint, p_now timestamptz,
  p_description text default null, p_metadata jsonb default null, p_key text default null
) returns bigint language plpgsql as $$
declare
  v_source text;
  v_sequence bigint;
  v_total bigint;
begin
  update credit_grant set remaining_micro = remaining_micro + p_amount
    where id = p_grant and account_id = p_account returning source into strict v_source;
  update credit_balance set
      sequence = sequence + 1, version = version + 1, total_micro = total_micro + p_amount,
      plan_micro = plan_micro + case when v_source = 'PLAN' then p_amount else 0 end,
      purchased_micro = purchased_micro + case when v_source = 'PURCHASE' then p_amount else 0 end
    where account_id = p_account returning sequence, total_micro into strict v_sequence, v_total;
  insert into credit_transaction values
    (p_account, v_sequence, p_type, null, p_amount, v_total, p_description, p_metadata, p_key, p_now);
  insert into credit_allocation values (p_account, v_sequence, p_grant, p_amount);
  return v_sequence;
end $$;

-- Brings one account's grants up to the instant: those that became effective start, those that expired end,
-- in the order in which it happened. The balance row is locked already. One statement, so that ten thousand grants
-- which expire at once do not hold up the debit that meets them.
create function ledger_settle(p_account uuid, p_now timestamptz) returns void language plpgsql
-- The plans are cached, maybe from a time when the tables were empty.
set enable_seqscan = off
as $$
declare
  v_moved record;
begin
  with due as (
    select id, source, 'GRANT' as type, description, effective_at as due_at, amount_micro as amount from credit_grant
      where account_id = p_account and status = 'PENDING' and effective_at <= p_now
    union all
    select id, source, 'EXPIRY', null, expires_at, -amount_micro from credit_grant
      where account_id = p_account and status = 'PENDING' and effective_at <= p_now and expires_at <= p_now
    union all
    select id, source, 'EXPIRY', null, expires_at, held_micro - remaining_micro from credit_grant
      where account_id = p_account and status = 'OPEN' and expires_at <= p_now
  ), moves as (
    select d.*, b.sequence + row_number() over happened as sequence,
        (b.total_micro + sum(d.amount) over happened)::bigint as balance_after
      from due d, credit_balance b where d.amount <> 0 and b.account_id = p_account
      window happened as (order by d.due_at, d.type desc, d.id rows unbounded preceding)
  ), settled as (
    update credit_grant g set
        status = case when g.expires_at <= p_now then 'CLOSED' else 'OPEN' end,
        remaining_micro = case when g.expires_at <= p_now then g.held_micro else g.amount_micro end
      where g.id in (select id from due)
  ), entries as (
    insert into credit_transaction
      select p_account, sequence, type, null, amount, balance_after, description, null, null, p_now from moves
  ), allocations as (
    insert into credit_allocation select p_account, sequence, id, amount from moves
  )
  select count(*) as entries, coalesce(sum(amount), 0) as total,
      coalesce(sum(amount) filter (where source = 'PLAN'), 0) as plan,
      coalesce(sum(amount) filter (where source = 'PURCHASE'), 0) as purchased
    into v_moved from moves;

  update credit_balance set
      sequence = sequence + v_moved.entries, version = version + v_moved.entries, total_micro = total_micro + v_moved.total,
      plan_micro = plan_micro + v_moved.plan, purchased_micro = purchased_micro + v_moved.purchased,
      next_due_at = least(
        (select min(effective_at) from credit_grant where account_id = p_account and status = 'PENDING'),
        (select min(expires_at) from credit_grant where account_id = p_account and status = 'OPEN'))
    where account_id = p_account;
  if v_moved.entries > 0 then perform ledger_notify(array[p_account]); end if;
end $$;

-- Adds a grant, once per cause. It enters the balance now, or when it becomes effective.
-- Outcomes: applied (sequence is null when it waits), replayed, conflict (same key, other input), unknown_account,
-- expired (a client asks for what is over already), too_large (the balance could not be told any more).
create function ledger_grant(
  p_now timestamptz, p_id uuid, p_account uuid, p_source text, p_amount bigint, p_priority integer,
  p_effective_at timestamptz, p_expires_at timestamptz, p_cause_kind text, p_cause_id text, p_type text,
  p_description text, p_operation text default null, p_key text default null, p_hash bytea default null,
  out outcome text, out sequence bigint, out grant_id uuid
) language plpgsql as $$
declare
  v_known record;
  v_balance credit_balance;
begin
  select * into v_balance from credit_balance b where b.account_id = p_account for update;
  if not found then outcome := 'unknown_account'; return; end if;

  select k.sequence, k.request_hash = p_hash as same into v_known from idempotency_key k
    where k.account_id = p_account and k.operation = p_operation and k.key = p_key;
  if found then
    sequence := v_known.sequence;
    outcome := case when v_known.same then 'replayed' else 'conflict' end;
    return;
  end if;
  select g.id into grant_id from credit_grant g where g.cause_kind = p_cause_kind and g.cause_id = p_cause_id;
  if found then outcome := 'replayed'; return; end if;

  if p_operation is not null and p_expires_at <= p_now then outcome := 'expired'; return; end if;

  if v_balance.next_due_at <= p_now then perform ledger_settle(p_account, p_now); end if;
  if p_amount > 9223372036854775807 - (
    (select b.total_micro from credit_balance b where b.account_id = p_account) +
    (select coalesce(sum(g.amount_micro), 0) from credit_grant g where g.account_id = p_account and g.status = 'PENDING')
  ) then outcome := 'too_large'; return; end if;

  outcome := 'applied';
  grant_id := p_id;
  insert into credit_grant
      (id, account_id, source, status, amount_micro, priority, effective_at, expires_at, cause_kind, cause_id, description, created_at)
    values (p_id, p_account, p_source, case when p_effective_at <= p_now then 'OPEN' else 'PENDING' end, p_amount, p_priority,
      p_effective_at, p_expires_at, p_cause_kind, p_cause_id, p_description, p_now);
  if p_effective_at <= p_now then
    sequence := ledger_move(p_account, p_id, p_type, p_amount, p_now, p_description, null, p_key);
    update credit_balance b set next_due_at = least(b.next_due_at, p_expires_at) where b.account_id = p_account;
  else
    update credit_balance b set version = b.version + 1, next_due_at = least(b.next_due_at, p_effective_at)
      where b.account_id = p_account;
  end if;
  if p_operation is not null then
    insert into idempotency_key values (p_account, p_operation, p_key, p_hash, sequence);
  end if;
  perform ledger_notify(array[p_account]);
end $$;

-- Ends what is left of the account's grants of one kind of cause, as when a paid plan takes over from the free one.
-- Answers how many it ended.
create function ledger_end_grants(p_now timestamptz, p_account uuid, p_cause_kind text, p_description text)
returns integer language plpgsql as $$
declare
  g record;
  v_ended integer := 0;
begin
  perform 1 from credit_balance where account_id = p_account for update;
  perform ledger_settle(p_account, p_now);
  for g in
    update credit_grant set status = 'CLOSED'
      where account_id = p_account and cause_kind = p_cause_kind and status <> 'CLOSED'
      returning id, held_micro - remaining_micro as amount
  loop
    if g.amount <> 0 then perform ledger_move(p_account, g.id, 'EXPIRY', g.amount, p_now, p_description); end if;
    v_ended := v_ended + 1;
  end loop;
  if v_ended > 0 then perform ledger_notify(array[p_account]); end if;
  return v_ended;
end $$;

-- What one applied debit writes, gathered until all are written at once.
create type debit_line as (
  account_id uuid, sequence bigint, type text, usage_type text, amount_micro bigint, balance_after_micro bigint,
  description text, metadata jsonb, operation text, key text, request_hash bytea
);

-- Many debits in one step, each with its own outcome, in the order given within an account:
-- applied, replayed (sequence is the first one's), conflict, insufficient, blocked, unknown_account.
-- p_accounts: the accounts of the requests. A key may stand only once in p_requests.
-- The balances that come back are as they stand right after the request.
create function ledger_debit(p_now timestamptz, p_accounts uuid[], p_requests json)
returns table (
  n integer, outcome text, sequence bigint, version bigint, total_micro bigint, plan_micro bigint,
  purchased_micro bigint, held_micro bigint, owed_micro bigint
)
language plpgsql
-- The plans are made once, maybe while the tables are empty, and must be good for full ones: row by row, by an index.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
  r record;
  b credit_balance;
  burning refcursor;
  v_grant uuid;
  v_source text;
  v_spendable bigint;
  v_take bigint;
  v_due bigint;
  v_grant_ids uuid[] := '{}';
  v_grant_takes bigint[] := '{}';
  v_balances credit_balance[] := '{}';
  v_lines debit_line[] := '{}';
  v_allocations credit_allocation[] := '{}';
begin
  for r in
    select account_id, next_due_at from credit_balance where account_id = any (p_accounts) order by account_id for update
  loop
    if r.next_due_at <= p_now then perform ledger_settle(r.account_id, p_now); end if;
  end loop;

  for r in
    select q.*, k.sequence as known_sequence, k.request_hash = q.hash as same_input, c as balance,
        -- An administrator's adjustment is not the account's own doing, and goes through.
        q.type = 'SPEND' and (a.status in ('SUSPENDED', 'DELETED') or coalesce(a.blocked_at <= p_now, false)) as blocked,
        g.id as grant_id, g.source, g.spendable
      from json_to_recordset(p_requests) as q (
        n integer, account_id uuid, amount bigint, type text, operation text, key text, hash bytea,
        usage_type text, description text, metadata jsonb)
      left join credit_balance c on c.account_id = q.account_id
      left join account a on a.id = q.account_id
      left join lateral (
        select id, source, remaining_micro - held_micro as spendable from credit_grant
          where account_id = q.account_id and status = 'OPEN' and remaining_micro > held_micro
          order by priority, expires_at, effective_at, id limit 1
      ) as g on true
      left join idempotency_key k on k.account_id = q.account_id and k.operation = q.operation and k.key = q.key
      order by q.account_id, q.n
  loop
    if b.account_id is distinct from r.account_id then
      if b.account_id is not null then v_balances := array_append(v_balances, b); end if;
      b := r.balance;
      v_grant := r.grant_id;
      v_source := r.source;
      v_spendable := coalesce(r.spendable, 0);
      burning := null;
    end if;

    n := r.n;
    sequence := null;
    if b.account_id is null then
      outcome := 'unknown_account';
    elsif r.known_sequence is not null then
      sequence := r.known_sequence;
      outcome := case when r.same_input then 'replayed' else 'conflict' end;
    elsif r.blocked then
      outcome := 'blocked';
    elsif b.owed_micro > 0 or r.amount > b.total_micro - b.held_micro then
      outcome := 'insufficient';
    else
      outcome := 'applied';
      b.sequence := b.sequence + 1;
      b.version := b.version + 1;
      sequence := b.sequence;
      v_due := r.amount;
      while v_due > 0 loop
        if v_spendable = 0 then
          if burning is null then
            open burning for
              select id, source, remaining_micro - held_micro from credit_grant
                where account_id = r.account_id and status = 'OPEN' and remaining_micro > held_micro
                order by priority, expires_at, effective_at, id offset 1;
          end if;
          fetch burning into v_grant, v_source, v_spendable;
          if not found then raise exception 'grants of account % do not add up to its balance', r.account_id; end if;
        end if;
        if v_grant is distinct from v_grant_ids[cardinality(v_grant_ids)] then
          v_grant_ids := array_append(v_grant_ids, v_grant);
          v_grant_takes := array_append(v_grant_takes, 0::bigint);
        end if;
        v_take := least(v_due, v_spendable);
        v_grant_takes[cardinality(v_grant_takes)] := v_grant_takes[cardinality(v_grant_takes)] + v_take;
        v_due := v_due - v_take;
        v_spendable := v_spendable - v_take;
        if v_source = 'PLAN' then b.plan_micro := b.plan_micro - v_take; end if;
        if v_source = 'PURCHASE' then b.purchased_micro := b.purchased_micro - v_take; end if;
        v_allocations := array_append(v_allocations, row(r.account_id, sequence, v_grant, -v_take)::credit_allocation);
      end loop;
      b.total_micro := b.total_micro - r.amount;
      v_lines := array_append(v_lines, row(r.account_id, sequence, r.type, r.usage_type, -r.amount, b.total_micro,
        r.description, r.metadata, r.operation, r.key, r.hash)::debit_line);
    end if;
    version := b.version;
    total_micro := b.total_micro;
    plan_micro := b.plan_micro;
    purchased_micro := b.purchased_micro;
    held_micro := b.held_micro;
    owed_micro := b.owed_micro;
    return next;
  end loop;
  if b.account_id is not null then v_balances := array_append(v_balances, b); end if;
  if cardinality(v_lines) = 0 then return; end if;

  insert into idempotency_key select account_id, operation, key, request_hash, sequence from unnest(v_lines);
  insert into credit_transaction
    select account_id, sequence, type, usage_type, amount_micro, balance_after_micro, description, metadata, key, p_now
      from unnest(v_lines);
  insert into credit_allocation select * from unnest(v_allocations);
  update credit_grant set remaining_micro = remaining_micro - taken,
      status = case when remaining_micro = taken then 'CLOSED' else 'OPEN' end
    from unnest(v_grant_ids, v_grant_takes) as burnt (grant_id, taken) where id = grant_id;
  update credit_balance c set sequence = u.sequence, version = u.version, total_micro = u.total_micro,
      plan_micro = u.plan_micro, purchased_micro = u.purchased_micro
    from unnest(v_balances) as u where c.account_id = u.account_id and c.version <> u.version;
  perform ledger_notify(p_accounts);
end $$;
