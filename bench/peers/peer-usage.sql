-- Why:  what a careful team writes for one event in one round trip, to race against.
-- Lock: none that matters, the function is new.
-- Undo: drop function peer_record_usage;

create function peer_record_usage(
  p_now timestamptz, p_account uuid, p_metric text, p_quantity bigint, p_key text, p_start timestamptz, p_end timestamptz,
  p_limit bigint, out outcome text, out used bigint
) language plpgsql as $$
declare
  e usage_event;
begin
  if exists (select from account where id = p_account and blocked_at <= p_now) then
    outcome := 'blocked';
    return;
  end if;
  insert into usage_counter values (p_account, p_metric, p_start, p_end, 0, 'FINITE', p_limit, 'HARD') on conflict do nothing;
  select c.used into strict used from usage_counter c
    where account_id = p_account and metric = p_metric and period_start = p_start for update;
  select * into e from usage_event where account_id = p_account and idempotency_key = p_key;
  if found then
    outcome := case when e.metric = p_metric and e.quantity = p_quantity then 'replayed' else 'conflict' end;
    return;
  end if;
  if used + p_quantity > p_limit then
    outcome := 'over_limit';
    used := used + p_quantity;
    return;
  end if;

  outcome := 'counted';
  used := used + p_quantity;
  update usage_counter c set used = peer_record_usage.used, limit_units = p_limit
    where account_id = p_account and metric = p_metric and period_start = p_start;
  insert into usage_event values (p_account, p_key, p_metric, p_quantity, null, p_start, p_now::date, p_now);
  insert into usage_daily as d values (p_account, p_metric, p_now::date, p_quantity)
    on conflict (account_id, metric, local_date) do update set count = d.count + excluded.count;
  perform pg_notify('tollgate', 'usage:' || p_account);
end $$;
