-- Why:  the history of accounts' statuses, promotions under way, and the instants at which time itself has something to do.
-- Lock: brief exclusive ones on account and plan_subscription; their rows stay as they are.
-- Undo: drop table promotion; drop table plan_credit_schedule; drop table lifecycle_transition; drop index account_status_due; alter table plan_subscription drop column is_promotion;

-- What sweeps look for: a status that ends by time alone.
create index account_status_due on account (status_ends_at) where status in ('TRIAL', 'READONLY');

create table lifecycle_transition (
  account_id uuid not null constraint lifecycle_transition_account_id_foreign references account (id),
  -- 1, 2, 3, … without a gap, per account.
  sequence integer not null,
  from_status text,
  to_status text not null,
  trigger text not null,
  at timestamptz not null,
  primary key (account_id, sequence)
);

create trigger lifecycle_transition_append_only before update or delete on lifecycle_transition
  for each row execute function refuse_change();
create trigger lifecycle_transition_not_truncated before truncate on lifecycle_transition execute function refuse_change();

insert into lifecycle_transition (account_id, sequence, to_status, trigger, at)
  select id, 1, status, 'ACCOUNT_CREATED', status_since from account;

alter table plan_subscription add column is_promotion boolean not null default false;

-- The promotion that an attached card began: the intent to make its subscription, stored before the provider is told.
create table promotion (
  account_id uuid primary key constraint promotion_account_id_foreign references account (id),
  started_at timestamptz not null,
  ends_at timestamptz not null,
  -- Null until the provider has made it.
  provider_subscription_id text,
  -- When to ask the provider how it stands; null when the promotion is over.
  check_at timestamptz
);
create index promotion_due on promotion (check_at) where check_at is not null;

-- Which month of plan credits an account gets next, and for what. One row per account: it is on one plan.
create table plan_credit_schedule (
  account_id uuid primary key constraint plan_credit_schedule_account_id_foreign references account (id),
  cause_kind text not null constraint plan_credit_schedule_cause_known
    check (cause_kind in ('account', 'subscription', 'invoice')),
  cause_id text not null,
  subscription_id uuid constraint plan_credit_schedule_subscription_id_foreign references plan_subscription (id),
  -- Months are counted from here, so that they keep their day.
  anchor_at timestamptz not null,
  -- How many months there are; null: no end.
  months integer,
  ends_at timestamptz,
  next_month integer not null,
  -- When that month begins; null when there is none.
  due_at timestamptz,
  -- The grants of the month that runs: what is left of them may roll over.
  grant_id uuid,
  rolled_grant_id uuid,
  constraint plan_credit_schedule_subscription_by_cause check ((cause_kind = 'account') = (subscription_id is null))
);
create index plan_credit_schedule_due on plan_credit_schedule (due_at) where due_at is not null;

-- Every account that is not on a paid plan goes on with its own months.
insert into plan_credit_schedule (account_id, cause_kind, cause_id, anchor_at, next_month, due_at)
  select id, 'account', id::text, created_at, 1, created_at + interval '1 month' from account
  where status <> 'DELETED' and not exists (
    select 1 from plan_subscription s where s.account_id = account.id
      and s.status not in ('CANCELED', 'INCOMPLETE', 'INCOMPLETE_EXPIRED'));

-- Brings due grants to their start or end, at most so many balances at once; those in other hands are left to them.
-- Answers how many balances there were.
create function ledger_sweep(p_now timestamptz, p_limit integer) returns integer language plpgsql as $$
declare
  v_account uuid;
  v_accounts uuid[] := '{}';
begin
  for v_account in
    select account_id from credit_balance where next_due_at <= p_now
      order by next_due_at, account_id limit p_limit for update skip locked
  loop
    perform ledger_settle(v_account, p_now);
    v_accounts := array_append(v_accounts, v_account);
  end loop;
  if cardinality(v_accounts) > 0 then perform ledger_notify(v_accounts); end if;
  return cardinality(v_accounts);
end $$;

-- How much of these grants was left when they expired, in micro-credits: what their EXPIRY entries took.
create function ledger_expired(p_account uuid, p_grants uuid[]) returns bigint language sql stable as $$
  select coalesce(-sum(a.amount_micro), 0)::bigint
  from credit_allocation a
  join credit_transaction t on t.account_id = a.account_id and t.sequence = a.sequence and t.type = 'EXPIRY'
  where a.account_id = p_account and a.grant_id = any (p_grants)
$$;
