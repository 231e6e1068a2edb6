-- Why:  the cards that accounts keep at providers, mirrored, and the requests that save one, so that each can be finished.
-- Lock: a moment on provider_customer, for a column with a constant default; the other tables are new.
-- Undo: drop table card_request; drop table payment_method; alter table provider_customer drop column cards_revision;

-- Grows with every list of cards taken over from the provider, so that a list fetched earlier never replaces a later one.
alter table provider_customer add column cards_revision bigint not null default 0;

create table payment_method (
  id uuid primary key,
  account_id uuid not null constraint payment_method_account_id_foreign references account (id),
  channel text not null constraint payment_method_channel_known check (channel in ('STRIPE', 'CREEM')),
  provider_payment_method_id text not null,
  type text not null,
  brand text,
  last4 text,
  exp_month integer,
  exp_year integer,
  is_default boolean not null,
  attached_at timestamptz not null,
  -- Null until the rest of Tollgate was told of it, which happens once: when it is first seen to be what is charged.
  announced_at timestamptz,
  -- Null while it can be charged; a row is never deleted.
  detached_at timestamptz,
  updated_at timestamptz not null,
  constraint payment_method_provider_unique unique (channel, provider_payment_method_id)
);
create index payment_method_account on payment_method (account_id, attached_at) where detached_at is null;
create unique index payment_method_one_default on payment_method (account_id, channel) where is_default;

create table card_request (
  id uuid primary key,
  account_id uuid not null constraint card_request_account_id_foreign references account (id),
  channel text not null constraint card_request_channel_known check (channel in ('STRIPE', 'CREEM')),
  operation text not null,
  idempotency_key text not null,
  request_hash bytea not null,
  -- What the client named; null for a setup intent.
  asked_payment_method_id text,
  -- What the provider attached: the step between its two calls. Null before the first one has answered.
  provider_payment_method_id text,
  progress text not null constraint card_request_progress_known check (progress in ('OPEN', 'DONE', 'REFUSED')),
  -- Part of the keys that the provider gets: a card that was refused may be tried again.
  attempt integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint card_request_key_unique unique (account_id, operation, idempotency_key)
);
