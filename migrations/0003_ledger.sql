-- Why:  the credit ledger: balances, the grants they consist of, and the append-only entries that moved them.
-- Lock: none that matters, the tables are new.
-- Undo: drop table idempotency_key, credit_allocation, credit_transaction, credit_grant, credit_balance; drop function refuse_change;

-- One row per account, locked by whoever moves its credits. Amounts are micro-credits.
create table credit_balance (
  account_id uuid primary key constraint credit_balance_account_id_foreign references account (id),
  sequence bigint not null default 0,
  version bigint not null default 0,
  total_micro bigint not null default 0,
  plan_micro bigint not null default 0,
  purchased_micro bigint not null default 0,
  held_micro bigint not null default 0,
  owed_micro bigint not null default 0,
  -- When the next grant starts or expires; may be too early, never too late.
  next_due_at timestamptz,
  constraint credit_balance_available_not_negative check (total_micro >= held_micro),
  constraint credit_balance_parts_not_negative
    check (held_micro >= 0 and owed_micro >= 0 and plan_micro >= 0 and purchased_micro >= 0),
  constraint credit_balance_parts_within_total check (plan_micro + purchased_micro <= total_micro)
) with (fillfactor = 50);
create index credit_balance_due on credit_balance (next_due_at) where next_due_at is not null;

-- PENDING: not effective yet, nothing of it is in the balance. CLOSED: spent, expired or ended.
create table credit_grant (
  id uuid primary key,
  account_id uuid not null constraint credit_grant_account_id_foreign references account (id),
  source text not null constraint credit_grant_source_known
    check (source in ('PLAN', 'PURCHASE', 'PROMOTION', 'COUPON', 'CHECK_IN', 'ADJUSTMENT')),
  status text not null constraint credit_grant_status_known check (status in ('PENDING', 'OPEN', 'CLOSED')),
  amount_micro bigint not null constraint credit_grant_has_amount check (amount_micro > 0),
  remaining_micro bigint not null default 0,
  held_micro bigint not null default 0,
  priority integer not null,
  effective_at timestamptz not null,
  expires_at timestamptz,
  cause_kind text not null,
  cause_id text not null,
  -- What the entry says by which it enters the balance.
  description text,
  created_at timestamptz not null,
  constraint credit_grant_cause_unique unique (cause_kind, cause_id),
  constraint credit_grant_remaining_within_amount check (remaining_micro >= held_micro and remaining_micro <= amount_micro),
  constraint credit_grant_held_not_negative check (held_micro >= 0),
  constraint credit_grant_expires_after_start check (expires_at > effective_at)
) with (fillfactor = 50);
-- The order in which grants burn; a grant that is used up leaves it.
create index credit_grant_burn_order on credit_grant (account_id, priority, expires_at, effective_at, id)
  where status = 'OPEN';
create index credit_grant_due_to_start on credit_grant (account_id, effective_at) where status = 'PENDING';
create index credit_grant_due_to_expire on credit_grant (account_id, expires_at)
  where status = 'OPEN' and expires_at is not null;
create index credit_grant_page on credit_grant (account_id, id);

create table credit_transaction (
  account_id uuid not null,
  sequence bigint not null,
  type text not null constraint credit_transaction_type_known check (type in
    ('GRANT', 'SPEND', 'HOLD_CAPTURE', 'EXPIRY', 'REFUND', 'CLAWBACK', 'ADJUSTMENT', 'ROLLOVER')),
  usage_type text,
  amount_micro bigint not null constraint credit_transaction_moves check (amount_micro <> 0),
  balance_after_micro bigint not null constraint credit_transaction_balance_not_negative check (balance_after_micro >= 0),
  description text,
  metadata jsonb,
  idempotency_key text,
  created_at timestamptz not null,
  primary key (account_id, sequence)
);

create table credit_allocation (
  account_id uuid not null,
  sequence bigint not null,
  grant_id uuid not null,
  amount_micro bigint not null constraint credit_allocation_moves check (amount_micro <> 0),
  primary key (account_id, sequence, grant_id)
);

-- Kept for ever, and never partitioned: the same key finds the first outcome again.
create table idempotency_key (
  account_id uuid not null,
  operation text not null,
  key text not null,
  request_hash bytea not null,
  sequence bigint not null,
  primary key (account_id, operation, key)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end $$;

create trigger credit_transaction_append_only before update or delete on credit_transaction
  for each row execute function refuse_change();
create trigger credit_transaction_not_truncated before truncate on credit_transaction execute function refuse_change();
create trigger credit_allocation_append_only before update or delete on credit_allocation
  for each row execute function refuse_change();
create trigger credit_allocation_not_truncated before truncate on credit_allocation execute function refuse_change();
create trigger idempotency_key_append_only before update or delete on idempotency_key
  for each row execute function refuse_change();
create trigger idempotency_key_not_truncated before truncate on idempotency_key execute function refuse_change();
