-- Why:  what no webhook told is looked up: up to where the provider's events are known, and when an order was looked up last.
--       Provider ids belong to the environment that they were made in.
-- Lock: purchase_order for a moment: a column without a default.
-- Undo: alter table purchase_order drop column looked_up_at; drop table provider_watermark; drop table provider_environment; drop table provider_customer_request;

-- Everything that was announced before this instant is in the inbox.
create table provider_watermark (
  channel text primary key constraint provider_watermark_channel_known check (channel in ('STRIPE', 'CREEM')),
  known_until timestamptz not null,
  updated_at timestamptz not null
);

-- Where the provider ids of this database were made.
create table provider_environment (
  channel text primary key constraint provider_environment_channel_known check (channel in ('STRIPE', 'CREEM')),
  environment text not null constraint provider_environment_known check (environment in ('sandbox', 'test', 'live')),
  since timestamptz not null
);

-- When a customer was first asked for: providers forget idempotency keys after a day, and then it is looked for instead.
create table provider_customer_request (
  account_id uuid not null constraint provider_customer_request_account_id_foreign references account (id),
  channel text not null constraint provider_customer_request_channel_known check (channel in ('STRIPE', 'CREEM')),
  asked_at timestamptz not null,
  primary key (account_id, channel)
);

alter table purchase_order add column looked_up_at timestamptz;
create index purchase_order_pending on purchase_order (channel, created_at) where status = 'PENDING';
