-- Why:  provider webhooks are stored under their unique id before they are answered, and worked on afterwards.
-- Lock: none that matters, the table is new.
-- Undo: drop table webhook_event;

create table webhook_event (
  id uuid primary key,
  channel text not null constraint webhook_event_channel_known check (channel in ('STRIPE', 'CREEM')),
  provider_event_id text not null,
  type text not null,
  -- Not jsonb: that refuses what JSON allows (a zero byte, half a surrogate pair), and a webhook must not get lost.
  payload json not null,
  status text not null constraint webhook_event_status_known
    check (status in ('RECEIVED', 'PROCESSED', 'IGNORED', 'FAILED', 'DEAD')),
  attempts integer not null,
  last_error text,
  received_at timestamptz not null,
  processed_at timestamptz,
  constraint webhook_event_provider_unique unique (channel, provider_event_id)
);
create index webhook_event_open on webhook_event (received_at) where status in ('RECEIVED', 'FAILED');
