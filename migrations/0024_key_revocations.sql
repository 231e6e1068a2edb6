-- Why:  a process that trusts keys asks which were revoked since it last asked, once a second for all of them, instead of looking each one up again.
-- Lock: api_key exclusively, while the column is filled: a moment, only revoked keys are written.
-- Undo: drop trigger api_key_number_revocation on api_key; drop trigger api_key_await_revocations on api_key; drop function number_key_revocation(); drop function await_key_revocations(); drop table key_revocation_count; alter table api_key drop column revocation;

-- One row, locked by whoever revokes: revocations are committed in the order of their numbers, so that none comes behind one that was seen.
create table key_revocation_count (
  id integer primary key constraint key_revocation_count_only_one check (id = 1),
  count bigint not null constraint key_revocation_count_counts_up check (count >= 0)
);

alter table api_key add column revocation bigint constraint api_key_revocation_unique unique;
update api_key set revocation = numbered.n
  from (select id, row_number() over (order by revoked_at, id) as n from api_key where revoked_at is not null) numbered
  where numbered.id = api_key.id;
insert into key_revocation_count (id, count) select 1, count(*) from api_key where revoked_at is not null;

-- Both as the owner: nobody else counts.
create function number_key_revocation() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update key_revocation_count set count = count + 1 returning count into new.revocation;
  return new;
end $$;

-- Whoever revokes several keys takes the counter first, as others find it: never a key that somebody waits with the counter for.
create function await_key_revocations() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform 1 from key_revocation_count for update;
  return null;
end $$;

create trigger api_key_await_revocations before update of revoked_at on api_key
  for each statement execute function await_key_revocations();
create trigger api_key_number_revocation before update of revoked_at on api_key
  for each row when (old.revoked_at is null and new.revoked_at is not null) execute function number_key_revocation();
