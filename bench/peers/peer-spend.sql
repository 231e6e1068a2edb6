-- Why:  what a careful team writes for one debit in one round trip, to race against.
-- Lock: none that matters, the function is new.
-- Undo: drop function peer_spend;

create function peer_spend(
  p_now timestamptz, p_account uuid, p_amount bigint, p_key text, p_hash bytea,
  p_usage_type text, p_description text, p_metadata jsonb, out outcome text, out balance credit_balance
) language plpgsql as $$
declare
  k idempotency_key;
  g record;
  v_due bigint := p_amount;
  v_take bigint;
begin
  select * into strict balance from credit_balance where account_id = p_account for update;
  select * into k from idempotency_key
    where account_id = p_account and operation = 'spendCredits' and key = p_key;
  if found then
    outcome := case when k.request_hash = p_hash then 'replayed' else 'conflict' end;
    return;
  end if;
  if exists (select from account where id = p_account and blocked_at <= p_now) then
    outcome := 'blocked';
    return;
  end if;
  if balance.owed_micro > 0 or balance.total_micro - balance.held_micro < p_amount then
    outcome := 'insufficient';
    return;
  end if;

  outcome := 'applied';
  balance.sequence := balance.sequence + 1;
  balance.version := balance.version + 1;
  balance.total_micro := balance.total_micro - p_amount;
  for g in
    select id, source, remaining_micro - held_micro as spendable from credit_grant
      where account_id = p_account and status = 'OPEN' and remaining_micro > held_micro
        and (expires_at > p_now) is not false
      order by priority, expires_at, effective_at, id
  loop
    v_take := least(v_due, g.spendable);
    v_due := v_due - v_take;
    if g.source = 'PLAN' then balance.plan_micro := balance.plan_micro - v_take; end if;
    if g.source = 'PURCHASE' then balance.purchased_micro := balance.purchased_micro - v_take; end if;
    update credit_grant set remaining_micro = remaining_micro - v_take,
        status = case when remaining_micro = v_take then 'CLOSED' else 'OPEN' end
      where id = g.id;
    insert into credit_allocation values (p_account, balance.sequence, g.id, -v_take);
    exit when v_due = 0;
  end loop;
  if v_due > 0 then raise exception 'grants of account % do not add up to its balance', p_account; end if;

  insert into credit_transaction values (p_account, balance.sequence, 'SPEND', p_usage_type, -p_amount,
    balance.total_micro, p_description, p_metadata, p_key, p_now);
  insert into idempotency_key values (p_account, 'spendCredits', p_key, p_hash, balance.sequence);
  update credit_balance set sequence = balance.sequence, version = balance.version, total_micro = balance.total_micro,
      plan_micro = balance.plan_micro, purchased_micro = balance.purchased_micro
    where account_id = p_account;
  perform pg_notify('tollgate', 'balance:' || p_account);
end $$;
