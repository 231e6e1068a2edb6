-- Why:  several processes count together how often somebody asked. Lost in a crash, and no harm done: hence unlogged.
-- Lock: none that matters, the table is new.
-- Undo: drop table rate_window;

create unlogged table rate_window (
  subject text not null,
  started_at timestamptz not null,
  request_count bigint not null constraint rate_window_counts_up check (request_count >= 0),
  primary key (subject, started_at)
);
