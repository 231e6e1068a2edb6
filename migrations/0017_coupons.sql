-- Why:  coupons and what became of each use of them; orders say their coupon, and which subscription they change.
-- Lock: purchase_order for a moment: three columns without a default, and foreign keys on empty columns.
-- Undo: alter table purchase_order drop column coupon_id, drop column discount_minor, drop column changed_subscription_id; drop table coupon_redemption; drop table coupon;

create table coupon (
  id uuid primary key,
  -- In capitals, so that a code is the same however it is typed.
  code text not null constraint coupon_code_unique unique,
  kind text not null constraint coupon_kind_known check (kind in ('PERCENT_OFF', 'AMOUNT_OFF', 'CREDITS')),
  percent_off_basis_points integer
    constraint coupon_percent_within_range check (percent_off_basis_points >= 1 and percent_off_basis_points <= 10000),
  amount_off_minor bigint constraint coupon_amount_positive check (amount_off_minor > 0),
  currency text,
  credits_micro bigint constraint coupon_credits_positive check (credits_micro > 0),
  max_redemptions integer,
  per_account_limit integer,
  -- Redeemed: paid, or credits given. Reserved: on a page that is open. Late: redeemed though its page had expired.
  times_redeemed integer not null,
  times_reserved integer not null,
  times_late integer not null,
  plan_slugs text[] not null,
  expires_at timestamptz,
  is_active boolean not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint coupon_code_in_capitals check (code = upper(code)),
  constraint coupon_by_kind check (
    (kind = 'PERCENT_OFF') = (percent_off_basis_points is not null) and (kind = 'AMOUNT_OFF') = (amount_off_minor is not null)
    and (kind = 'AMOUNT_OFF') = (currency is not null) and (kind = 'CREDITS') = (credits_micro is not null)),
  constraint coupon_counts_not_negative check (times_redeemed >= times_late and times_reserved >= 0 and times_late >= 0),
  constraint coupon_within_limit check (times_redeemed - times_late + times_reserved <= max_redemptions)
);

create table coupon_redemption (
  id uuid primary key,
  coupon_id uuid not null constraint coupon_redemption_coupon_id_foreign references coupon (id),
  account_id uuid not null constraint coupon_redemption_account_id_foreign references account (id),
  -- The order that it discounts; null when it gave credits.
  order_id uuid constraint coupon_redemption_order_unique unique,
  status text not null constraint coupon_redemption_status_known check (status in ('RESERVED', 'REDEEMED', 'RELEASED')),
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index coupon_redemption_of_account on coupon_redemption (coupon_id, account_id);

alter table purchase_order
  add column coupon_id uuid constraint purchase_order_coupon_id_foreign references coupon (id),
  add column discount_minor bigint constraint purchase_order_discount_not_negative check (discount_minor >= 0),
  add column changed_subscription_id uuid
    constraint purchase_order_changed_subscription_id_foreign references plan_subscription (id);
create index purchase_order_open_change on purchase_order (checkout_expires_at)
  where status = 'PENDING' and changed_subscription_id is not null;
