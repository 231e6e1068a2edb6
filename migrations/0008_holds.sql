-- Why:  credits set aside for work in progress: held, captured wholly or partly, given back, or expired by themselves.
-- Lock: none that matters, the tables are new and held by nobody.
-- Undo: drop function ledger_hold, ledger_capture_hold, ledger_release_hold, ledger_expire_holds, ledger_give_back, ledger_pay_owed,
--       ledger_wake_for_holds, ledger_settle; alter function ledger_settle_grants rename to ledger_settle; drop table credit_hold_allocation, credit_hold;

create table credit_hold (
  id uuid primary key,
  account_id uuid not null constraint credit_hold_account_id_foreign references account (id),
  status text not null constraint credit_hold_status_known check (status in ('OPEN', 'CAPTURED', 'RELEASED', 'EXPIRED')),
  amount_micro bigint not null constraint credit_hold_has_amount check (amount_micro > 0),
  captured_micro bigint not null default 0,
  expires_at timestamptz not null,
  -- A hold has no entry in the ledger that its key could be kept with.
  idempotency_key text not null,
  request_hash bytea not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  constraint credit_hold_key_unique unique (account_id, idempotency_key),
  constraint credit_hold_captured_within_amount check (captured_micro >= 0 and captured_micro <= amount_micro),
  constraint credit_hold_captured_by_status check ((captured_micro > 0) = (status = 'CAPTURED')),
  constraint credit_hold_ended_by_status check ((ended_at is null) = (status = 'OPEN'))
) with (fillfactor = 70);
create index credit_hold_due on credit_hold (account_id, expires_at) where status = 'OPEN';

-- Which grants a hold took from, and how much of each was captured. The rest went back there.
create table credit_hold_allocation (
  account_id uuid not null,
  hold_id uuid not null,
  grant_id uuid not null,
  amount_micro bigint not null constraint credit_hold_allocation_has_amount check (amount_micro > 0),
  captured_micro bigint not null default 0,
  primary key (account_id, hold_id, grant_id),
  constraint credit_hold_allocation_captured_within_amount check (captured_micro >= 0 and captured_micro <= amount_micro)
);

-- Pays what is owed with credits that one grant has to spend, as far as they go; answers how much that was.
-- The balance row is locked already.
create function ledger_pay_owed(p_account uuid, p_grant uuid, p_available bigint, p_now timestamptz)
returns bigint language plpgsql as $$
declare
  v_paid bigint;
begin
  select least(owed_micro, p_available) into strict v_paid from credit_balance where account_id = p_account;
  if v_paid > 0 then
    update credit_balance set owed_micro = owed_micro - v_paid where account_id = p_account;
    perform ledger_move(p_account, p_grant, 'CLAWBACK', -v_paid, p_now, 'Paid what was owed.');
  end if;
  return v_paid;
end $$;

-- Gives what holds did not capture back to the grants it came from. What is owed is paid first, with credits that would
-- expire before others; what goes back to a grant that has ended meanwhile expires at once.
-- The balance row is locked already, and the holds have ended.
create function ledger_give_back(p_account uuid, p_holds uuid[], p_now timestamptz) returns void language plpgsql as $$
declare
  a record;
  v_rest bigint;
begin
  update credit_balance set version = version + 1, held_micro = held_micro - (
      select coalesce(sum(amount_micro - captured_micro), 0) from credit_hold_allocation
      where account_id = p_account and hold_id = any (p_holds))
    where account_id = p_account;
  for a in
    select g.id, g.status = 'CLOSED' as is_closed, t.amount_micro - t.captured_micro as rest
    from credit_hold h
    join credit_hold_allocation t on t.account_id = h.account_id and t.hold_id = h.id
    join credit_grant g on g.id = t.grant_id
    where h.account_id = p_account and h.id = any (p_holds) and t.amount_micro > t.captured_micro
    order by (g.status = 'CLOSED' or g.expires_at <= p_now) is true desc, h.expires_at, h.id, g.id
  loop
    update credit_grant set held_micro = held_micro - a.rest where id = a.id;
    v_rest := a.rest - ledger_pay_owed(p_account, a.id, a.rest, p_now);
    if a.is_closed then
      if v_rest > 0 then perform ledger_move(p_account, a.id, 'EXPIRY', -v_rest, p_now); end if;
    else
      update credit_grant set status = 'CLOSED' where id = a.id and remaining_micro = 0;
    end if;
  end loop;
end $$;

-- Brings one account up to the instant: holds that expired give back, then grants start and expire.
-- The balance row is locked already.
alter function ledger_settle(uuid, timestamptz) rename to ledger_settle_grants;
create function ledger_settle(p_account uuid, p_now timestamptz) returns void language plpgsql
set enable_seqscan = off
as $$
declare
  v_expired uuid[];
  v_next_at timestamptz;
begin
  with expired as (
    update credit_hold set status = 'EXPIRED', ended_at = expires_at
      where account_id = p_account and status = 'OPEN' and expires_at <= p_now returning id)
  select array_agg(id) into v_expired from expired;
  if v_expired is not null then
    perform ledger_give_back(p_account, v_expired, p_now);
    perform ledger_notify(array[p_account]);
  end if;
  perform ledger_settle_grants(p_account, p_now);
  select min(expires_at) into v_next_at from credit_hold where account_id = p_account and status = 'OPEN';
  if v_next_at is not null then
    update credit_balance set next_due_at = least(next_due_at, v_next_at) where account_id = p_account;
  end if;
end $$;

-- Enqueues the job that ends the account's next hold; the queue runs on real time, so the wait is what counts.
create function ledger_wake_for_holds(p_account uuid, p_now timestamptz, p_due_at timestamptz)
returns void language plpgsql as $$
begin
  perform graphile_worker.add_job('expire-due-holds', payload := json_build_object('id', p_account),
    run_at := clock_timestamp() + (p_due_at - p_now), job_key := 'expire-due-holds:' || p_account);
end $$;

-- Sets credits aside, in burn order: all of the amount or nothing, once per key.
-- Outcomes: applied, replayed (the hold as it is now), conflict, insufficient, blocked, unknown_account.
create function ledger_hold(
  p_now timestamptz, p_id uuid, p_account uuid, p_amount bigint, p_expires_at timestamptz, p_key text, p_hash bytea,
  out outcome text, out hold credit_hold, out balance credit_balance
) language plpgsql set enable_seqscan = off as $$
declare
  g record;
  v_due bigint := p_amount;
  v_take bigint;
begin
  -- Account before balance, as everywhere: the new row's reference takes this lock anyway, and then it would be too late.
  perform 1 from account where id = p_account for key share;
  select * into balance from credit_balance where account_id = p_account for update;
  if not found then outcome := 'unknown_account'; return; end if;
  if balance.next_due_at <= p_now then
    perform ledger_settle(p_account, p_now);
    select * into balance from credit_balance where account_id = p_account;
  end if;

  select * into hold from credit_hold where account_id = p_account and idempotency_key = p_key;
  if found then
    outcome := case when hold.request_hash = p_hash then 'replayed' else 'conflict' end;
    return;
  end if;
  if exists (
    select from account where id = p_account and (status in ('SUSPENDED', 'DELETED') or blocked_at <= p_now)
  ) then
    outcome := 'blocked';
    return;
  end if;
  if balance.owed_micro > 0 or p_amount > balance.total_micro - balance.held_micro then
    outcome := 'insufficient';
    return;
  end if;

  if not exists (select from credit_hold where account_id = p_account and status = 'OPEN' and expires_at <= p_expires_at) then
    perform ledger_wake_for_holds(p_account, p_now, p_expires_at);
  end if;
  insert into credit_hold (id, account_id, status, amount_micro, expires_at, idempotency_key, request_hash, created_at)
    values (p_id, p_account, 'OPEN', p_amount, p_expires_at, p_key, p_hash, p_now) returning * into hold;
  for g in
    select id, remaining_micro - held_micro as spendable from credit_grant
    where account_id = p_account and status = 'OPEN' and remaining_micro > held_micro
    order by priority, expires_at, effective_at, id
  loop
    v_take := least(v_due, g.spendable);
    v_due := v_due - v_take;
    update credit_grant set held_micro = held_micro + v_take where id = g.id;
    insert into credit_hold_allocation values (p_account, p_id, g.id, v_take);
    exit when v_due = 0;
  end loop;
  if v_due > 0 then raise exception 'grants of account % do not add up to its balance', p_account; end if;
  update credit_balance set version = version + 1, held_micro = held_micro + p_amount,
      next_due_at = least(next_due_at, p_expires_at)
    where account_id = p_account returning * into balance;
  outcome := 'applied';
  perform ledger_notify(array[p_account]);
end $$;

-- Spends what a hold set aside, all of it or p_amount, in burn order, and gives the rest back; once per key.
-- Outcomes: applied, replayed (sequence is the first entry's), conflict, ended, too_much, unknown_hold.
create function ledger_capture_hold(
  p_now timestamptz, p_account uuid, p_hold uuid, p_amount bigint, p_usage_type text, p_description text,
  p_key text, p_hash bytea,
  out outcome text, out sequence bigint, out hold credit_hold, out balance credit_balance
) language plpgsql set enable_seqscan = off as $$
declare
  g record;
  v_same boolean;
  v_due bigint;
  v_take bigint;
  v_plan bigint := 0;
  v_purchased bigint := 0;
begin
  select * into balance from credit_balance where account_id = p_account for update;
  if balance.next_due_at <= p_now then
    perform ledger_settle(p_account, p_now);
    select * into balance from credit_balance where account_id = p_account;
  end if;
  select * into hold from credit_hold where id = p_hold and account_id = p_account;
  if not found then outcome := 'unknown_hold'; return; end if;

  select k.sequence, k.request_hash = p_hash into sequence, v_same from idempotency_key k
    where k.account_id = p_account and k.operation = 'captureHold' and k.key = p_key;
  if found then
    outcome := case when v_same then 'replayed' else 'conflict' end;
    return;
  end if;
  v_due := coalesce(p_amount, hold.amount_micro);
  if hold.status <> 'OPEN' then outcome := 'ended'; return; end if;
  if v_due > hold.amount_micro then outcome := 'too_much'; return; end if;

  outcome := 'applied';
  sequence := balance.sequence + 1;
  update credit_hold set status = 'CAPTURED', captured_micro = v_due, ended_at = p_now where id = p_hold returning * into hold;
  insert into credit_transaction values (p_account, sequence, 'HOLD_CAPTURE', p_usage_type, -v_due,
    balance.total_micro - v_due, p_description, null, p_key, p_now);
  insert into idempotency_key values (p_account, 'captureHold', p_key, p_hash, sequence);
  for g in
    select t.grant_id, t.amount_micro, c.source from credit_hold_allocation t join credit_grant c on c.id = t.grant_id
    where t.account_id = p_account and t.hold_id = p_hold
    order by c.priority, c.expires_at, c.effective_at, c.id
  loop
    v_take := least(v_due, g.amount_micro);
    v_due := v_due - v_take;
    update credit_hold_allocation set captured_micro = v_take
      where account_id = p_account and hold_id = p_hold and grant_id = g.grant_id;
    update credit_grant set remaining_micro = remaining_micro - v_take, held_micro = held_micro - v_take,
        status = case when remaining_micro = v_take then 'CLOSED' else status end
      where id = g.grant_id;
    insert into credit_allocation values (p_account, sequence, g.grant_id, -v_take);
    if g.source = 'PLAN' then v_plan := v_plan + v_take; end if;
    if g.source = 'PURCHASE' then v_purchased := v_purchased + v_take; end if;
    exit when v_due = 0;
  end loop;
  update credit_balance c set sequence = c.sequence + 1, version = c.version + 1,
      total_micro = c.total_micro - hold.captured_micro, held_micro = c.held_micro - hold.captured_micro,
      plan_micro = c.plan_micro - v_plan, purchased_micro = c.purchased_micro - v_purchased
    where c.account_id = p_account;
  if hold.captured_micro < hold.amount_micro then perform ledger_give_back(p_account, array[p_hold], p_now); end if;
  select * into balance from credit_balance where account_id = p_account;
  perform ledger_notify(array[p_account]);
end $$;

-- Gives all that a hold set aside back. Outcomes: applied, replayed (it was released before), ended, unknown_hold.
create function ledger_release_hold(
  p_now timestamptz, p_account uuid, p_hold uuid,
  out outcome text, out hold credit_hold, out balance credit_balance
) language plpgsql set enable_seqscan = off as $$
begin
  select * into balance from credit_balance where account_id = p_account for update;
  if balance.next_due_at <= p_now then perform ledger_settle(p_account, p_now); end if;
  select * into hold from credit_hold where id = p_hold and account_id = p_account;
  if not found then
    outcome := 'unknown_hold';
  elsif hold.status <> 'OPEN' then
    outcome := case hold.status when 'RELEASED' then 'replayed' else 'ended' end;
  else
    outcome := 'applied';
    update credit_hold set status = 'RELEASED', ended_at = p_now where id = p_hold returning * into hold;
    perform ledger_give_back(p_account, array[p_hold], p_now);
    perform ledger_notify(array[p_account]);
  end if;
  select * into balance from credit_balance where account_id = p_account;
end $$;

-- Ends the account's holds that expired, and sees to it that the next one is ended in its time.
create function ledger_expire_holds(p_now timestamptz, p_account uuid) returns void
language plpgsql set enable_seqscan = off as $$
declare
  v_due_at timestamptz;
begin
  perform 1 from credit_balance where account_id = p_account for update;
  select min(expires_at) into v_due_at from credit_hold where account_id = p_account and status = 'OPEN';
  if v_due_at <= p_now then
    perform ledger_settle(p_account, p_now);
    select min(expires_at) into v_due_at from credit_hold where account_id = p_account and status = 'OPEN';
  end if;
  if v_due_at is not null then perform ledger_wake_for_holds(p_account, p_now, v_due_at); end if;
end $$;
