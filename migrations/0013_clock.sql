-- Why:  sandbox mode can be moved through time; how far it is ahead is shared by every process and outlives them.
-- Lock: none that matters, the table is new.
-- Undo: drop table domain_clock;

create table domain_clock (
  id integer primary key constraint domain_clock_only_one check (id = 1),
  offset_ms bigint not null constraint domain_clock_not_behind check (offset_ms >= 0),
  moved_at timestamptz not null
);
