-- Why:  usage is counted per account, metric and period, against the limit of that period; each event once.
-- Lock: none that matters, the tables and functions are new; the accounts are read once for their first anchors.
-- Undo: drop function usage_record, usage_shift_level, usage_standing; drop table usage_daily, usage_event, usage_counter, usage_anchor;

-- On what an account's months are anchored, and from when on. What has begun is never moved: the starts of periods are the
-- keys of their counters.
create table usage_anchor (
  account_id uuid not null constraint usage_anchor_account_id_foreign references account (id),
  starts_at timestamptz not null,
  -- Months are counted from here, on this day of the month and at this time of day in the zone.
  anchor_at timestamptz not null,
  -- A trial, or a month as the provider counts it: everything until here is one period.
  whole_until timestamptz,
  time_zone text not null,
  subscription_id uuid,
  primary key (account_id, starts_at),
  constraint usage_anchor_whole_after_start check (whole_until > starts_at)
);
insert into usage_anchor (account_id, starts_at, anchor_at, whole_until, time_zone)
  select id, created_at, created_at, case when status = 'TRIAL' and status_ends_at > created_at then status_ends_at end, time_zone
  from account;

-- One metric in one period; a level's row is what it was when the period ended. Written under the lock of the account's row.
create table usage_counter (
  account_id uuid not null,
  metric text not null,
  period_start timestamptz not null,
  period_end timestamptz not null,
  used bigint not null,
  -- The limit as it was at the last event, which is what a late event is held to.
  allowance text not null constraint usage_counter_allowance_known check (allowance in ('FINITE', 'UNLIMITED', 'CUSTOM')),
  limit_units bigint,
  enforcement text not null constraint usage_counter_enforcement_known check (enforcement in ('HARD', 'SOFT')),
  primary key (account_id, metric, period_start),
  -- Up to what a client's JSON can say exactly.
  constraint usage_counter_used_in_range check (used >= 0 and used <= 9007199254740991),
  constraint usage_counter_limit_by_allowance check ((allowance = 'FINITE') = (limit_units is not null))
) with (fillfactor = 50);

-- Kept for ever, and never partitioned: the same key is counted once.
create table usage_event (
  account_id uuid not null,
  idempotency_key text not null,
  metric text not null,
  quantity bigint not null constraint usage_event_counts check (quantity <> 0),
  -- As the client said; null: when it was recorded.
  occurred_at timestamptz,
  period_start timestamptz not null,
  local_date date not null,
  recorded_at timestamptz not null,
  primary key (account_id, idempotency_key)
);

-- What was counted on each day of the account's zone.
create table usage_daily (
  account_id uuid not null,
  metric text not null,
  local_date date not null,
  count bigint not null,
  primary key (account_id, metric, local_date)
) with (fillfactor = 50);

create trigger usage_event_append_only before update or delete on usage_event
  for each row execute function refuse_change();
create trigger usage_event_not_truncated before truncate on usage_event execute function refuse_change();

-- Everything about an account that its periods and limits follow from, as one text: whoever reckoned with another one reckons anew.
create function usage_standing(a account, s plan_subscription) returns text language sql stable as $$
  select concat_ws('/', a.status, extract(epoch from a.status_ends_at), a.time_zone, s.id, s.revision)
$$;

-- Moves a level in a period that is over, and in those after it until the present one. What is kept of the past is
-- what a level was at its end, and it was never below zero.
create function usage_shift_level(
  p_counter usage_counter, p_quantity bigint, p_until timestamptz
) returns void language plpgsql as $$
begin
  insert into usage_counter
    select p_counter.account_id, p_counter.metric, p_counter.period_start, p_counter.period_end,
      coalesce((select used from usage_counter
        where account_id = p_counter.account_id and metric = p_counter.metric and period_start < p_counter.period_start
        order by period_start desc limit 1), 0),
      p_counter.allowance, p_counter.limit_units, p_counter.enforcement
    on conflict do nothing;
  update usage_counter set used = greatest(0, least(9007199254740991, used + p_quantity))
    where account_id = p_counter.account_id and metric = p_counter.metric
      and period_start >= p_counter.period_start and period_start < p_until;
end $$;

-- Many events in one step, each with its own outcome, in the order given within an account and metric:
-- counted, replayed, conflict, over_limit, below_zero, too_many, blocked, stale (the caller reckoned with another standing), unknown_account.
-- p_accounts: the accounts of the events. A key may stand only once in p_events.
-- `used` is the count right after the event; for over_limit what it would have become.
create function usage_record(p_now timestamptz, p_accounts uuid[], p_events json)
returns table (
  n integer, outcome text, status text, used bigint, allowance text, limit_units bigint, enforcement text, period_end timestamptz
)
language plpgsql
-- The plans are made once, maybe while the tables are empty, so they must be good for full ones: every table is reached
-- by an index, for the events at hand only (a lateral limit 1 cannot become a join with all of a table).
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_column
declare
  r record;
  c usage_counter;
  v_known usage_counter;
  v_changed boolean := false;
  v_counters usage_counter[] := '{}';
  v_events usage_event[] := '{}';
  v_passed uuid[] := '{}';
  v_account uuid;
begin
  -- From here on nobody else counts for these accounts, and none of them gets another status.
  perform 1 from account where id = any (p_accounts) order by id for no key update;

  for r in
    with standing as materialized (
      select o.id, a.status, a.blocked, a.standing
      from unnest(p_accounts) as o (id)
      cross join lateral (
        select a.status, a.blocked_at <= p_now as blocked, usage_standing(a, s) as standing from account a
          left join lateral (
            select p from plan_subscription p
              where p.account_id = o.id and p.status not in ('CANCELED', 'INCOMPLETE', 'INCOMPLETE_EXPIRED') and not p.is_refused
              limit 1
          ) as live (s) on true
          where a.id = o.id limit 1
      ) as a
    )
    select q.*, a.status as account_status, a.blocked, a.standing = q.standing as fresh,
        e.metric as known_metric, e.quantity as known_quantity, e.occurred_at as known_occurred_at,
        e.period_start as known_period_start,
        k.used as kept_used, k.allowance as kept_allowance, k.limit_units as kept_limit, k.enforcement as kept_enforcement,
        carried.used as carried_used
      from json_to_recordset(p_events) as q (
        n integer, account_id uuid, key text, metric text, quantity bigint, occurred_at timestamptz, standing text,
        period_start timestamptz, period_end timestamptz, is_past boolean, is_level boolean, local_date date,
        allowance text, limit_units bigint, enforcement text, is_trial boolean,
        level_start timestamptz, level_end timestamptz)
      left join standing a on a.id = q.account_id
      left join lateral (
        select * from usage_event where account_id = q.account_id and idempotency_key = q.key limit 1
      ) as e on true
      left join lateral (
        select * from usage_counter
          where account_id = q.account_id and metric = q.metric and period_start = q.period_start limit 1
      ) as k on true
      left join lateral (
        select used from usage_counter
          where account_id = q.account_id and metric = q.metric and period_start < q.period_start
          order by period_start desc limit 1
      ) as carried on q.is_level and k.account_id is null
      order by q.account_id, q.metric, q.period_start, q.n
  loop
    if c.account_id is distinct from r.account_id or c.metric <> r.metric or c.period_start <> r.period_start then
      if v_changed then v_counters := array_append(v_counters, c); end if;
      v_changed := false;
      c := row(r.account_id, r.metric, r.period_start, r.period_end, coalesce(r.kept_used, r.carried_used, 0),
        r.allowance, r.limit_units, r.enforcement)::usage_counter;
      if r.is_past and r.kept_used is not null then
        c.allowance := r.kept_allowance;
        c.limit_units := r.kept_limit;
        c.enforcement := r.kept_enforcement;
      end if;
    end if;

    n := r.n;
    status := r.account_status;
    used := c.used;
    allowance := c.allowance;
    limit_units := c.limit_units;
    enforcement := c.enforcement;
    period_end := c.period_end;
    if r.account_status is null then
      outcome := 'unknown_account';
    elsif r.known_metric is not null then
      outcome := case when r.known_metric = r.metric and r.known_quantity = r.quantity
        and r.known_occurred_at is not distinct from r.occurred_at then 'replayed' else 'conflict' end;
      if outcome = 'replayed' and not r.is_level and r.known_period_start <> r.period_start then
        select * into v_known from usage_counter k
          where k.account_id = r.account_id and k.metric = r.metric and k.period_start = r.known_period_start;
        used := v_known.used;
        allowance := v_known.allowance;
        limit_units := v_known.limit_units;
        enforcement := v_known.enforcement;
        period_end := v_known.period_end;
      end if;
    elsif r.blocked or r.account_status in ('SUSPENDED', 'DELETED') then
      outcome := 'blocked';
    elsif not r.fresh then
      outcome := 'stale';
    elsif c.used + r.quantity < 0 then
      outcome := 'below_zero';
    elsif c.enforcement = 'HARD' and r.quantity > 0 and c.used + r.quantity > c.limit_units then
      outcome := 'over_limit';
      used := least(c.used + r.quantity, 9007199254740991);
      if r.is_trial and not r.account_id = any (v_passed) then v_passed := array_append(v_passed, r.account_id); end if;
    elsif c.used + r.quantity > 9007199254740991 then
      outcome := 'too_many';
    else
      outcome := 'counted';
      v_changed := true;
      c.used := c.used + r.quantity;
      used := c.used;
      v_events := array_append(v_events, row(r.account_id, r.key, r.metric, r.quantity, r.occurred_at, r.period_start,
        r.local_date, p_now)::usage_event);
      if r.level_start is not null then
        perform usage_shift_level(row(r.account_id, r.metric, r.level_start, r.level_end, 0, r.allowance, r.limit_units,
          r.enforcement)::usage_counter, r.quantity, r.period_start);
      end if;
    end if;
    return next;
  end loop;
  if v_changed then v_counters := array_append(v_counters, c); end if;

  foreach v_account in array v_passed loop
    perform graphile_worker.add_job('trial-limit-passed', json_build_object('accountId', v_account),
      job_key := 'trial-limit-passed:' || v_account);
  end loop;
  if cardinality(v_events) = 0 then return; end if;

  insert into usage_event select * from unnest(v_events);
  insert into usage_counter select * from unnest(v_counters)
    on conflict (account_id, metric, period_start) do update set period_end = excluded.period_end, used = excluded.used,
      allowance = excluded.allowance, limit_units = excluded.limit_units, enforcement = excluded.enforcement;
  insert into usage_daily as d
    select account_id, metric, local_date, sum(quantity)::bigint from unnest(v_events) group by account_id, metric, local_date
    on conflict (account_id, metric, local_date) do update set count = d.count + excluded.count;
  perform pg_notify('tollgate', 'usage:' || case when cardinality(accounts) <= 200 then array_to_string(accounts, ',') else '*' end)
    from (select array_agg(distinct account_id) as accounts from unnest(v_events)) as counted;
end $$;
