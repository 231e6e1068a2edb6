-- Why:  money that goes back takes its credits with it: refunds, disputes, and what is owed for credits that were spent.
-- Lock: credit_grant and purchase_order for as long as their rows are read once, for a check and two indexes; the tables are new.
-- Undo: drop function ledger_reverse, ledger_reverse_grant, ledger_take_back, ledger_restore, ledger_start_owing; make ledger_move, ledger_grant
--       (0004) and ledger_settle (0008) again; drop table credit_reversal, payment_reversal; drop index purchase_order_payment,
--       purchase_order_subscription; alter table credit_grant drop column reversed_micro.

-- What went back of a provider's payment, and what is contested of it, as it was taken over last. It may be known before
-- what the payment was for.
create table payment_reversal (
  channel text not null constraint payment_reversal_channel_known check (channel in ('STRIPE', 'CREEM')),
  provider_payment_id text not null,
  account_id uuid not null constraint payment_reversal_account_id_foreign references account (id),
  -- What it paid, where that is an invoice.
  provider_invoice_id text,
  provider_subscription_id text,
  is_first_invoice boolean not null,
  paid_minor bigint not null constraint payment_reversal_paid_something check (paid_minor > 0),
  currency text not null,
  refunded_minor bigint not null,
  contested_minor bigint not null,
  lost_minor bigint not null,
  -- Grows with every state taken over from the provider, so that a state fetched earlier never replaces a later one.
  revision bigint not null,
  -- When to ask the provider again how a dispute stands, since not every one tells; null when none is open.
  check_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (channel, provider_payment_id),
  constraint payment_reversal_not_negative check (refunded_minor >= 0 and contested_minor >= 0 and lost_minor >= 0)
);
create index payment_reversal_invoice on payment_reversal (channel, provider_invoice_id) where provider_invoice_id is not null;
create index payment_reversal_subscription on payment_reversal (channel, provider_subscription_id) where is_first_invoice;
create index payment_reversal_due on payment_reversal (check_at) where check_at is not null;

-- By what a reversal finds the order that was paid.
create index purchase_order_payment on purchase_order (channel, provider_payment_id) where provider_payment_id is not null;
create index purchase_order_subscription on purchase_order (channel, provider_subscription_id)
  where provider_subscription_id is not null;

-- How much of a grant its payment's reversal is about, all of it absolute, in micro-credits.
create table credit_reversal (
  grant_id uuid primary key constraint credit_reversal_grant_id_foreign references credit_grant (id),
  account_id uuid not null,
  refunded_micro bigint not null default 0,
  lost_micro bigint not null default 0,
  -- Of these two, what had expired unspent before: nobody has it, and nobody owes it.
  forgiven_micro bigint not null default 0,
  -- What open disputes are about, and how much of that could be set aside.
  contested_micro bigint not null default 0,
  held_micro bigint not null default 0,
  constraint credit_reversal_not_negative
    check (refunded_micro >= 0 and lost_micro >= 0 and forgiven_micro >= 0 and contested_micro >= 0 and held_micro >= 0),
  constraint credit_reversal_forgives_no_more check (forgiven_micro <= refunded_micro + lost_micro),
  constraint credit_reversal_holds_no_more check (held_micro <= contested_micro)
);
create index credit_reversal_account on credit_reversal (account_id);

-- What REFUND and CLAWBACK entries took from a grant, less what they gave back: for its own payment, or for another's debt.
alter table credit_grant add column reversed_micro bigint not null default 0,
  add constraint credit_grant_reversed_within_amount check (reversed_micro >= 0 and reversed_micro <= amount_micro);

create or replace function ledger_move(
  p_account uuid, p_grant uuid, p_type text, p_amount bigint, p_now timestamptz,
  p_description text default null, p_metadata jsonb default null, p_key text default null
) returns bigint language plpgsql as $$
declare
  v_source text;
  v_sequence bigint;
  v_total bigint;
begin
  update credit_grant set remaining_micro = remaining_micro + p_amount,
      reversed_micro = reversed_micro - case when p_type in ('REFUND', 'CLAWBACK') then p_amount else 0 end
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

-- While something is owed, grants that start pay it first, in the order in which they start.
-- The balance row is locked already.
create function ledger_start_owing(p_account uuid, p_now timestamptz) returns void language plpgsql
set enable_seqscan = off
as $$
declare
  g record;
begin
  for g in
    select id, amount_micro, description from credit_grant
      where account_id = p_account and status = 'PENDING' and effective_at <= p_now order by effective_at, id
  loop
    exit when (select owed_micro from credit_balance where account_id = p_account) = 0;
    update credit_grant set status = 'OPEN' where id = g.id;
    perform ledger_move(p_account, g.id, 'GRANT', g.amount_micro, p_now, g.description);
    perform ledger_pay_owed(p_account, g.id, g.amount_micro, p_now);
    update credit_grant set status = 'CLOSED' where id = g.id and remaining_micro = 0;
    perform ledger_notify(array[p_account]);
  end loop;
end $$;

-- Brings one account up to the instant: holds that expired give back, then grants start (and pay what is owed) and expire.
-- The balance row is locked already.
create or replace function ledger_settle(p_account uuid, p_now timestamptz) returns void language plpgsql
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
  if (select owed_micro from credit_balance where account_id = p_account) > 0 then
    perform ledger_start_owing(p_account, p_now);
  end if;
  perform ledger_settle_grants(p_account, p_now);
  select min(expires_at) into v_next_at from credit_hold where account_id = p_account and status = 'OPEN';
  if v_next_at is not null then
    update credit_balance set next_due_at = least(next_due_at, v_next_at) where account_id = p_account;
  end if;
end $$;

-- As before (0004), and what is owed is paid first.
create or replace function ledger_grant(
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
    if ledger_pay_owed(p_account, p_id, p_amount, p_now) = p_amount then
      update credit_grant g set status = 'CLOSED' where g.id = p_id;
    end if;
  else
    update credit_balance b set version = b.version + 1, next_due_at = least(b.next_due_at, p_effective_at)
      where b.account_id = p_account;
  end if;
  if p_operation is not null then
    insert into idempotency_key values (p_account, p_operation, p_key, p_hash, sequence);
  end if;
  perform ledger_notify(array[p_account]);
end $$;

-- Takes credits back from a grant: what is left of it goes at once, what was spent (or is held for work) is owed from now on,
-- and what had expired unspent is forgiven. The balance row is locked already, nothing of the grant is held for a dispute, and
-- its credit_reversal says the new figure.
create function ledger_take_back(
  p_account uuid, p_grant uuid, p_type text, p_amount bigint, p_now timestamptz, p_description text, p_metadata jsonb
) returns void language plpgsql as $$
declare
  g credit_grant;
  v_free bigint;
  v_taken bigint;
  v_reversed bigint;
  v_expired bigint := 0;
  v_owed bigint;
begin
  select * into strict g from credit_grant where id = p_grant;
  v_free := g.remaining_micro - g.held_micro;
  v_taken := least(p_amount, v_free);
  if v_taken > 0 then perform ledger_move(p_account, p_grant, p_type, -v_taken, p_now, p_description, p_metadata); end if;
  if v_taken < p_amount then
    -- Only plan credits expire or are ended; looking for that reads every entry of the account.
    if g.status = 'CLOSED' and (g.source = 'PLAN' or g.expires_at is not null) then
      v_expired := ledger_expired(p_account, array[p_grant]);
    end if;
    select refunded_micro + lost_micro - forgiven_micro - p_amount into strict v_reversed
      from credit_reversal where grant_id = p_grant;
    v_owed := least(p_amount - v_taken, greatest(0, g.amount_micro - v_reversed - v_free - v_expired));
    update credit_balance set owed_micro = owed_micro + v_owed, version = version + 1 where account_id = p_account;
    update credit_reversal set forgiven_micro = forgiven_micro + (p_amount - v_taken - v_owed) where grant_id = p_grant;
  end if;
  update credit_grant set status = 'CLOSED' where id = p_grant and status = 'OPEN' and remaining_micro = 0;
end $$;

-- Gives back what was taken: what was forgiven is nobody's, what is still owed is owed no more, and the rest returns to the
-- grants from which it was taken, the purchase's own first, then those that paid its debt, the newest first. What returns to
-- a grant that has ended expires at once. The balance row is locked already.
create function ledger_restore(
  p_account uuid, p_grant uuid, p_type text, p_amount bigint, p_now timestamptz, p_description text, p_metadata jsonb
) returns void language plpgsql as $$
declare
  g record;
  v_rest bigint := p_amount;
  v_part bigint;
begin
  select least(v_rest, forgiven_micro) into strict v_part from credit_reversal where grant_id = p_grant;
  update credit_reversal set forgiven_micro = forgiven_micro - v_part where grant_id = p_grant;
  v_rest := v_rest - v_part;
  select least(v_rest, owed_micro) into strict v_part from credit_balance where account_id = p_account;
  if v_part > 0 then
    update credit_balance set owed_micro = owed_micro - v_part, version = version + 1 where account_id = p_account;
    v_rest := v_rest - v_part;
  end if;
  for g in
    select id, reversed_micro, expires_at from credit_grant where account_id = p_account and reversed_micro > 0
      order by id = p_grant desc, created_at desc, id desc
  loop
    exit when v_rest = 0;
    v_part := least(v_rest, g.reversed_micro);
    v_rest := v_rest - v_part;
    perform ledger_move(p_account, g.id, p_type, v_part, p_now, p_description, p_metadata);
    if g.expires_at <= p_now then
      perform ledger_move(p_account, g.id, 'EXPIRY', -v_part, p_now);
    else
      update credit_grant set status = 'OPEN' where id = g.id;
      update credit_balance set next_due_at = least(next_due_at, g.expires_at) where account_id = p_account;
    end if;
  end loop;
  if v_rest > 0 then raise exception 'account % was taken less than it gets back', p_account; end if;
end $$;

-- Brings one grant to what its payment's reversal says, in absolute figures of micro-credits; the same again does nothing.
-- A refund gives and takes as REFUND, a dispute as CLAWBACK; what is contested is held as far as it can be spent at that moment.
-- The balance row is locked already. Answers whether anything changed.
create function ledger_reverse_grant(
  p_now timestamptz, p_account uuid, p_grant uuid, p_refunded bigint, p_lost bigint, p_contested bigint, p_metadata jsonb
) returns boolean language plpgsql as $$
declare
  r credit_reversal;
  v_refund bigint;
  v_loss bigint;
  v_swap bigint;
  v_held bigint;
  v_free bigint;
begin
  insert into credit_reversal (grant_id, account_id) values (p_grant, p_account) on conflict do nothing;
  select * into strict r from credit_reversal where grant_id = p_grant;
  v_refund := p_refunded - r.refunded_micro;
  v_loss := p_lost - r.lost_micro;
  if v_refund = 0 and v_loss = 0 and p_contested = r.contested_micro then return false; end if;

  update credit_grant set held_micro = held_micro - r.held_micro where id = p_grant;
  update credit_balance set held_micro = held_micro - r.held_micro, version = version + 1 where account_id = p_account;
  update credit_reversal set held_micro = 0, contested_micro = p_contested where grant_id = p_grant;

  -- What a dispute took and a refund takes over moves nothing, nor the other way round.
  v_swap := case when v_refund > 0 and v_loss < 0 then least(v_refund, -v_loss)
    when v_refund < 0 and v_loss > 0 then -least(-v_refund, v_loss) else 0 end;
  update credit_reversal set refunded_micro = refunded_micro + v_swap, lost_micro = lost_micro - v_swap where grant_id = p_grant;
  v_refund := v_refund - v_swap;
  v_loss := v_loss + v_swap;
  if v_refund < 0 then
    perform ledger_restore(p_account, p_grant, 'REFUND', -v_refund, p_now, 'A refund of the payment failed.', p_metadata);
  end if;
  if v_loss < 0 then
    perform ledger_restore(p_account, p_grant, 'CLAWBACK', -v_loss, p_now, 'A dispute of the payment was not lost after all.', p_metadata);
  end if;
  update credit_reversal set refunded_micro = p_refunded, lost_micro = least(lost_micro, p_lost) where grant_id = p_grant;
  if v_refund > 0 then
    perform ledger_take_back(p_account, p_grant, 'REFUND', v_refund, p_now, 'The payment was refunded.', p_metadata);
  end if;
  update credit_reversal set lost_micro = p_lost where grant_id = p_grant;
  if v_loss > 0 then
    perform ledger_take_back(p_account, p_grant, 'CLAWBACK', v_loss, p_now, 'A dispute of the payment was lost.', p_metadata);
  end if;

  select least(p_contested, remaining_micro - held_micro), remaining_micro - held_micro into strict v_held, v_free
    from credit_grant where id = p_grant;
  update credit_reversal set held_micro = v_held where grant_id = p_grant;
  update credit_grant set held_micro = held_micro + v_held where id = p_grant;
  update credit_balance set held_micro = held_micro + v_held where account_id = p_account;
  -- As with any hold that gives back: what is owed is paid first, and what returns to a grant that has ended expires.
  v_free := least(v_free - v_held, greatest(0, r.held_micro - v_held));
  if v_free > 0 then
    v_free := v_free - ledger_pay_owed(p_account, p_grant, v_free, p_now);
    if v_free > 0 and exists (select from credit_grant where id = p_grant and status = 'CLOSED') then
      perform ledger_move(p_account, p_grant, 'EXPIRY', -v_free, p_now);
    end if;
    update credit_grant set status = 'CLOSED' where id = p_grant and remaining_micro = 0;
  end if;
  return true;
end $$;

-- Brings every grant that a cause gave to what its payment's reversal says: floor(grant x part / paid). An invoice's grants are
-- its months: `<invoice>/<month>`. Answers how many grants changed.
create function ledger_reverse(
  p_now timestamptz, p_account uuid, p_cause_kind text, p_cause_id text,
  p_paid bigint, p_refunded bigint, p_lost bigint, p_contested bigint, p_metadata jsonb
) returns integer language plpgsql set enable_seqscan = off as $$
declare
  g record;
  v_refunded bigint;
  v_back bigint;
  v_all bigint;
  v_changed integer := 0;
begin
  perform 1 from credit_balance where account_id = p_account for update;
  if exists (select from credit_balance where account_id = p_account and next_due_at <= p_now) then
    perform ledger_settle(p_account, p_now);
  end if;
  for g in
    select id, amount_micro from credit_grant
      where account_id = p_account and cause_kind = p_cause_kind
        and (cause_id = p_cause_id or starts_with(cause_id, p_cause_id || '/'))
      order by id
  loop
    v_refunded := div(g.amount_micro::numeric * least(p_refunded, p_paid), p_paid);
    v_back := div(g.amount_micro::numeric * least(p_refunded + p_lost, p_paid), p_paid);
    v_all := div(g.amount_micro::numeric * least(p_refunded + p_lost + p_contested, p_paid), p_paid);
    if ledger_reverse_grant(p_now, p_account, g.id, v_refunded, v_back - v_refunded, v_all - v_back, p_metadata) then
      v_changed := v_changed + 1;
    end if;
  end loop;
  if v_changed > 0 then perform ledger_notify(array[p_account]); end if;
  return v_changed;
end $$;
