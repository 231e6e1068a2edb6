-- Why:  a balance that falls under a mark is topped up by itself, from a saved card.
-- Lock: brief exclusive ones on credit_balance (a column without default, a trigger) and purchase_order (two partial indexes that
--       hold nothing yet).
-- Undo: drop trigger credit_balance_is_low on credit_balance; drop function ledger_tell_low_balance, ledger_watch;
--       alter table credit_balance drop column low_mark_micro; drop index purchase_order_one_auto_recharge, purchase_order_auto_recharge;
--       drop table auto_recharge;

create table auto_recharge (
  account_id uuid primary key constraint auto_recharge_account_id_foreign references account (id),
  is_enabled boolean not null,
  threshold_micro bigint not null constraint auto_recharge_has_threshold check (threshold_micro > 0),
  amount_minor bigint not null constraint auto_recharge_has_amount check (amount_minor > 0),
  currency text not null,
  -- The most that is charged in a calendar month of the account's zone; null: no limit.
  monthly_cap_minor bigint,
  -- The payment method of the charge that is under way: a charge that is tried again has to be the same one.
  provider_payment_method_id text,
  -- A card that was refused is left in peace until then.
  cool_down_until timestamptz,
  -- When to look again, whether or not anybody spends.
  check_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint auto_recharge_cap_allows_one check (monthly_cap_minor >= amount_minor)
);
create index auto_recharge_due on auto_recharge (check_at) where check_at is not null;

-- One charge at a time, whatever else goes wrong.
create unique index purchase_order_one_auto_recharge on purchase_order (account_id)
  where operation = 'autoRecharge' and status = 'PENDING';
create index purchase_order_auto_recharge on purchase_order (account_id, created_at) where operation = 'autoRecharge';

-- Below this, once, somebody is told; null: nobody waits for it.
alter table credit_balance add column low_mark_micro bigint;

-- Tells by a job that a balance has fallen under its mark, and takes the mark away, so that the next spend tells nobody.
create function ledger_tell_low_balance() returns trigger language plpgsql as $$
begin
  new.low_mark_micro := null;
  perform graphile_worker.add_job('recharge-low-balance', payload := json_build_object('id', new.account_id),
    job_key := 'recharge-low-balance:' || new.account_id);
  return new;
end $$;

-- Whoever moves the balance, in a batch or alone: nothing but this condition is looked at while there is no mark. A balance
-- that owes something is not topped up behind its owner's back.
create trigger credit_balance_is_low before update on credit_balance for each row
  when (new.low_mark_micro is not null and new.owed_micro = 0 and new.total_micro - new.held_micro < new.low_mark_micro)
  execute function ledger_tell_low_balance();

-- Brings a balance up to the instant, locks it, and takes its mark away or sets it; answers what is available, and what is owed.
-- A mark that is not reached tells at once.
create function ledger_watch(
  p_now timestamptz, p_account uuid, p_mark bigint, out available_micro bigint, out owed_micro bigint
) language plpgsql as $$
declare
  b credit_balance;
begin
  select * into strict b from credit_balance c where c.account_id = p_account for update;
  if b.next_due_at <= p_now then perform ledger_settle(p_account, p_now); end if;
  update credit_balance c set low_mark_micro = p_mark where c.account_id = p_account
    returning c.total_micro - c.held_micro, c.owed_micro into strict available_micro, owed_micro;
end $$;
