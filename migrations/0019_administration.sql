-- Why:  what administrators do: plans of their own, lists over all accounts, and a record of who did what.
-- Lock: nobody writes entries, accounts or webhooks while their index is built (about a second per million entries).
-- Undo: drop table audit_event; drop index credit_transaction_all, account_page, webhook_event_page; alter table plan_subscription drop column limits; alter table plan drop column managed_by;

-- Who decides what the plan is: the catalogue file, or an administrator who made or changed it.
alter table plan add column managed_by text not null default 'FILE'
  constraint plan_managed_by_known check (managed_by in ('FILE', 'ADMINISTRATOR'));

-- The limits of the period that runs, as they were when it began; null: as the plan is now.
alter table plan_subscription add column limits jsonb;

-- Each type is a run of its own, read from its end: one type, several or all of them cost the same.
create index credit_transaction_all on credit_transaction (type, created_at, account_id, sequence);
create index account_page on account (status, id);
create index webhook_event_page on webhook_event (status, channel, id);

create table audit_event (
  id uuid primary key,
  at timestamptz not null,
  -- The mutation's name.
  action text not null,
  actor_kind text not null,
  -- The key's id; "settings" for the administrator's key in the environment.
  actor_key_id text not null,
  -- Not a reference: what was refused may have named an account that there is not.
  account_id uuid,
  -- Not jsonb: that refuses what JSON allows.
  input json not null,
  -- DONE, or the code of the refusal.
  outcome text not null,
  request_id text not null
);
create index audit_event_account on audit_event (account_id, id);
create index audit_event_action on audit_event (action, id);

create trigger audit_event_append_only before update or delete on audit_event
  for each row execute function refuse_change();
create trigger audit_event_not_truncated before truncate on audit_event execute function refuse_change();
