-- Why:  the plans, prices and credit packages that were read from the catalogue file.
-- Lock: none that matters, the tables are new.
-- Undo: drop table credit_package; drop table plan_price; drop table plan;

create table plan (
  id uuid primary key,
  slug text not null constraint plan_slug_unique unique,
  name text not null,
  description text,
  monthly_credits jsonb not null,
  rollover jsonb not null,
  limits jsonb not null,
  features text[] not null,
  max_concurrent_agents jsonb not null,
  max_duration_hours jsonb not null,
  allowed_channels text[],
  can_buy_credit_packages boolean not null,
  trial_days integer not null constraint plan_trial_days_positive check (trial_days >= 0),
  is_active boolean not null,
  is_default boolean not null,
  sort_order integer not null,
  stripe_product_id text,
  creem_product_id text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index plan_one_default on plan (is_default) where is_default;

-- A price never changes its amount: another amount is another row, and the old one is no longer offered.
create table plan_price (
  id uuid primary key,
  plan_id uuid not null constraint plan_price_plan_id_foreign references plan (id),
  interval text not null constraint plan_price_interval_known check (interval in ('MONTH', 'YEAR')),
  kind text not null constraint plan_price_kind_known check (kind in ('FINITE', 'CUSTOM')),
  amount_minor bigint constraint plan_price_not_negative check (amount_minor >= 0),
  currency text,
  is_active boolean not null,
  stripe_price_id text constraint plan_price_stripe_unique unique,
  created_at timestamptz not null,
  constraint plan_price_money_by_kind check
    ((kind = 'FINITE') = (amount_minor is not null) and (kind = 'FINITE') = (currency is not null))
);
create unique index plan_price_one_offered on plan_price (plan_id, interval) where is_active;

create table credit_package (
  id uuid primary key,
  slug text not null constraint credit_package_slug_unique unique,
  name text not null,
  credits_micro bigint not null constraint credit_package_has_credits check (credits_micro > 0),
  bonus_credits_micro bigint not null constraint credit_package_bonus_not_negative check (bonus_credits_micro >= 0),
  price_minor bigint not null constraint credit_package_has_price check (price_minor > 0),
  currency text not null,
  is_active boolean not null,
  sort_order integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
