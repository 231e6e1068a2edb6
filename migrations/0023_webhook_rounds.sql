-- Why:  webhooks that come at the same time have one job for many of them, their round, instead of one for each statement.
-- Lock: webhook_event against writing, for as long as its rows are read once, for an index over the few that nobody has worked on.
-- Undo: drop index webhook_event_round; alter table webhook_event drop column round; drop table webhook_round;

-- The rounds that events may still join. A round is deleted before its events are read: whoever joins holds its row until the
-- event is there, or finds no row and begins another round.
create table webhook_round (
  id uuid primary key
);

alter table webhook_event add column round uuid;
create index webhook_event_round on webhook_event (round) where status = 'RECEIVED';
