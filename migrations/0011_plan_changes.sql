-- Why:  quotes of plan changes, and the changes themselves, stored before the provider hears of them.
-- Lock: none that matters, the tables are new.
-- Undo: drop table plan_change; drop table plan_change_quote;

create table plan_change_quote (
  id uuid primary key,
  account_id uuid not null constraint plan_change_quote_account_id_foreign references account (id),
  subscription_id uuid not null constraint plan_change_quote_subscription_id_foreign references plan_subscription (id),
  plan_id uuid not null constraint plan_change_quote_plan_id_foreign references plan (id),
  interval text not null,
  -- What it was reckoned from: a quote holds only as long as these do.
  from_price_id text not null,
  period_end timestamptz not null,
  to_price_id text not null,
  timing text not null constraint plan_change_quote_timing_known check (timing in ('NOW', 'PERIOD_END')),
  -- The instant from which money and credits are reckoned.
  reckoned_at timestamptz not null,
  amount_due_minor bigint not null,
  currency text not null,
  credits_delta_micro bigint not null,
  effective_at timestamptz not null,
  expires_at timestamptz not null,
  created_at timestamptz not null
);

create table plan_change (
  id uuid primary key,
  account_id uuid not null constraint plan_change_account_id_foreign references account (id),
  subscription_id uuid not null constraint plan_change_subscription_id_foreign references plan_subscription (id),
  to_price_id text not null,
  timing text not null constraint plan_change_timing_known check (timing in ('NOW', 'PERIOD_END')),
  reckoned_at timestamptz not null,
  effective_at timestamptz not null,
  idempotency_key text not null,
  request_hash bytea not null,
  progress text not null constraint plan_change_progress_known check (progress in ('OPEN', 'DONE', 'REFUSED')),
  -- Part of the key that the provider gets: a payment that was refused may be tried again.
  attempt integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint plan_change_key_unique unique (account_id, idempotency_key)
);
create index plan_change_subscription on plan_change (subscription_id, created_at);
