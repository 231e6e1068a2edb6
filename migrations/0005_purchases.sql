-- Why:  what accounts buy: the provider's customer, orders, subscriptions and mirrored invoices.
-- Lock: none that matters, the tables are new.
-- Undo: drop table invoice; drop table purchase_order; drop sequence purchase_order_number; drop table plan_subscription; drop table provider_customer;

create table provider_customer (
  account_id uuid not null constraint provider_customer_account_id_foreign references account (id),
  channel text not null constraint provider_customer_channel_known check (channel in ('STRIPE', 'CREEM')),
  customer_id text not null,
  created_at timestamptz not null,
  primary key (account_id, channel),
  constraint provider_customer_unique unique (channel, customer_id)
);

create table plan_subscription (
  id uuid primary key,
  account_id uuid not null constraint plan_subscription_account_id_foreign references account (id),
  plan_id uuid not null constraint plan_subscription_plan_id_foreign references plan (id),
  channel text not null constraint plan_subscription_channel_known check (channel in ('STRIPE', 'CREEM')),
  provider_subscription_id text not null,
  provider_customer_id text not null,
  provider_price_id text not null,
  status text not null constraint plan_subscription_status_known check (status in
    ('ACTIVE', 'TRIALING', 'PAST_DUE', 'CANCELED', 'INCOMPLETE', 'INCOMPLETE_EXPIRED', 'UNPAID', 'PAUSED')),
  interval text not null constraint plan_subscription_interval_known check (interval in ('MONTH', 'YEAR')),
  -- As sold: a later change of the plan does not change these.
  monthly_credits jsonb not null,
  rollover jsonb not null,
  price_minor bigint,
  currency text,
  started_at timestamptz,
  current_period_start timestamptz,
  current_period_end timestamptz,
  trial_start timestamptz,
  trial_end timestamptz,
  cancel_at_period_end boolean not null,
  cancel_at timestamptz,
  ended_at timestamptz,
  -- Paid beside a live one, or for a deleted account: it is cancelled and refunded, and gives nothing.
  is_refused boolean not null,
  -- Grows with every state taken over from the provider, so that a state fetched earlier never replaces a later one.
  revision bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint plan_subscription_provider_unique unique (channel, provider_subscription_id)
);
create index plan_subscription_account on plan_subscription (account_id, created_at);
create unique index plan_subscription_one_live on plan_subscription (account_id)
  where status not in ('CANCELED', 'INCOMPLETE', 'INCOMPLETE_EXPIRED') and not is_refused;

create sequence purchase_order_number start 1001;
create table purchase_order (
  id uuid primary key,
  number bigint not null default nextval('purchase_order_number') constraint purchase_order_number_unique unique,
  account_id uuid not null constraint purchase_order_account_id_foreign references account (id),
  kind text not null constraint purchase_order_kind_known check (kind in ('SUBSCRIPTION', 'CREDITS')),
  status text not null constraint purchase_order_status_known check (status in
    ('PENDING', 'PAID', 'EXPIRED', 'FAILED', 'REFUNDED', 'PARTIALLY_REFUNDED', 'DISPUTED')),
  channel text not null constraint purchase_order_channel_known check (channel in ('STRIPE', 'CREEM')),
  amount_minor bigint not null constraint purchase_order_amount_not_negative check (amount_minor >= 0),
  currency text not null,
  credits_micro bigint constraint purchase_order_credits_positive check (credits_micro > 0),
  plan_id uuid constraint purchase_order_plan_id_foreign references plan (id),
  plan_price_id uuid constraint purchase_order_plan_price_id_foreign references plan_price (id),
  interval text,
  trial_days integer not null,
  package_id uuid constraint purchase_order_package_id_foreign references credit_package (id),
  operation text not null,
  idempotency_key text not null,
  request_hash bytea not null,
  success_url text not null,
  cancel_url text not null,
  -- Null until the provider has answered: the intent is stored before the call.
  provider_checkout_id text,
  checkout_url text,
  checkout_expires_at timestamptz not null,
  provider_payment_id text,
  provider_subscription_id text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  paid_at timestamptz,
  constraint purchase_order_key_unique unique (account_id, operation, idempotency_key),
  constraint purchase_order_checkout_unique unique (channel, provider_checkout_id),
  constraint purchase_order_by_kind check (
    (kind = 'CREDITS') = (credits_micro is not null) and (kind = 'SUBSCRIPTION') = (plan_id is not null))
);
create index purchase_order_account on purchase_order (account_id, id);
create unique index purchase_order_one_pending_subscription on purchase_order (account_id)
  where kind = 'SUBSCRIPTION' and status = 'PENDING';

create table invoice (
  id uuid primary key,
  account_id uuid not null constraint invoice_account_id_foreign references account (id),
  channel text not null constraint invoice_channel_known check (channel in ('STRIPE', 'CREEM')),
  provider_invoice_id text not null,
  provider_subscription_id text,
  number text,
  status text not null constraint invoice_status_known check (status in ('DRAFT', 'OPEN', 'PAID', 'UNCOLLECTIBLE', 'VOID')),
  amount_minor bigint not null,
  currency text not null,
  hosted_url text,
  pdf_url text,
  paid_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint invoice_provider_unique unique (channel, provider_invoice_id)
);
create index invoice_account on invoice (account_id, id);
