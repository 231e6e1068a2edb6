-- Why:  the paying workspaces and the keys that act for them.
-- Lock: none that matters, the tables are new.
-- Undo: drop table api_key; drop table account;

create table account (
  id uuid primary key,
  external_id text not null constraint account_external_id_unique unique,
  name text not null,
  email text,
  time_zone text not null,
  currency text not null,
  status text not null constraint account_status_known
    check (status in ('TRIAL', 'PROMO', 'ACTIVE', 'READONLY', 'SUSPENDED', 'DELETED')),
  status_since timestamptz not null,
  status_ends_at timestamptz,
  -- The instant from which nothing may run, even if no job has changed the status yet; null: not foreseen.
  blocked_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table api_key (
  id uuid primary key,
  kind text not null constraint api_key_kind_known check (kind in ('ADMIN', 'MASTER', 'AGENT')),
  account_id uuid constraint api_key_account_id_foreign references account (id),
  name text not null,
  -- The part of the key that finds it; the rest is only here as a hash.
  prefix text not null constraint api_key_prefix_unique unique,
  secret_hash bytea not null,
  scopes text[] not null,
  agent_id text,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null,
  constraint api_key_account_by_kind check ((kind = 'ADMIN') = (account_id is null))
);
create index api_key_account on api_key (account_id, created_at);
