-- Why:  credits for coming back: one check-in per account and local day, and the settings once an administrator has changed them.
-- Lock: none that matters, the tables are new.
-- Undo: drop table check_in; drop table check_in_config;

create table check_in (
  id uuid primary key,
  account_id uuid not null constraint check_in_account_id_foreign references account (id),
  -- The day in the account's time zone, as it was at that instant.
  local_date date not null,
  streak integer not null constraint check_in_streak_positive check (streak >= 1),
  credits_micro bigint not null constraint check_in_has_credits check (credits_micro > 0),
  created_at timestamptz not null,
  constraint check_in_once_a_day unique (account_id, local_date)
);

-- No row: the catalogue file decides.
create table check_in_config (
  id integer primary key constraint check_in_config_is_one check (id = 1),
  enabled boolean not null,
  credits_micro bigint not null constraint check_in_config_credits_not_negative check (credits_micro >= 0),
  streak_bonuses jsonb not null,
  expires_after_days integer,
  updated_at timestamptz not null
);
