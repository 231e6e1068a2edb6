import { LockMode } from '@mikro-orm/core';
import type { InferEntity } from '@mikro-orm/postgresql';
import { GatheredList } from '../../live/gathered-list.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Channel } from '../../platform/money.ts';
import { LAST_ID, type Page, type PageRequest, UUID_POSITION } from '../../platform/paging.ts';
import { OrderSchema } from './order.entity.ts';
import { type NewOrder, ORDER_CURSOR, type Order, type OrderStatus } from './order.model.ts';

type Row = InferEntity<typeof OrderSchema>;

const COLUMNS = `id, number, account_id as "accountId", kind, status, channel, amount_minor as "amountMinor", currency,
  credits_micro as "creditsMicro", plan_id as "planId", plan_price_id as "planPriceId", interval, trial_days as "trialDays",
  package_id as "packageId", operation, idempotency_key as "idempotencyKey", request_hash as "requestHash",
  success_url as "successUrl", cancel_url as "cancelUrl", provider_checkout_id as "providerCheckoutId",
  checkout_url as "checkoutUrl", checkout_expires_at as "checkoutExpiresAt", provider_payment_id as "providerPaymentId",
  provider_subscription_id as "providerSubscriptionId", created_at as "createdAt", updated_at as "updatedAt",
  paid_at as "paidAt", coupon_id as "couponId", discount_minor as "discountMinor",
  changed_subscription_id as "changedSubscriptionId"`;

const BY_IDS: Statement = {
  name: 'purchase_orders',
  text: `select ${COLUMNS} from purchase_order where id = any ($1)`,
};
const PAGE: Statement = {
  name: 'purchase_order_page',
  text: `select w.n::int, o.*
    from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[]) with ordinality as w (account, before, size, statuses, n)
    cross join lateral (
      select ${COLUMNS} from purchase_order where account_id = w.account and id < coalesce(w.before, '${LAST_ID}'::uuid)
        and (w.statuses is null or status = any (string_to_array(w.statuses, ',')))
      order by id desc limit w.size
    ) o order by w.n, o.id desc`,
};
const COUNT: Statement = {
  name: 'purchase_order_count',
  text: `select w.n::int, (select count(*) from purchase_order where account_id = w.account
      and (w.statuses is null or status = any (string_to_array(w.statuses, ',')))) as count
    from unnest($1::uuid[], $2::text[]) with ordinality as w (account, statuses, n)`,
};

/** Every query on the table of orders. */
export class OrderStore {
  readonly #database: Database;
  readonly #pages: GatheredList<Row>;

  constructor(database: Database) {
    this.#database = database;
    this.#pages = new GatheredList({
      database,
      page: PAGE,
      count: COUNT,
      cursorKind: ORDER_CURSOR,
      position: UUID_POSITION,
    });
  }

  async insert(tx: Transaction, order: NewOrder): Promise<void> {
    const { amount, ...rest } = order;
    await tx.em.insert(OrderSchema, {
      ...rest,
      amountMinor: amount.amountMinor,
      currency: amount.currency,
      status: 'PENDING',
      updatedAt: order.createdAt,
    });
  }

  async byId(id: string): Promise<Order | null> {
    return toOrder(await this.#database.read().findOne(OrderSchema, { id }));
  }

  async byIds(ids: readonly string[]): Promise<Order[]> {
    const rows = await this.#database.query<Row>(BY_IDS, [[...ids]]);
    return rows.flatMap((row) => toOrder(row) ?? []);
  }

  async byKey(
    accountId: string,
    operation: Order['operation'],
    idempotencyKey: string,
  ): Promise<Order | null> {
    return toOrder(
      await this.#database.read().findOne(OrderSchema, { accountId, operation, idempotencyKey }),
    );
  }

  async pendingSubscription(accountId: string): Promise<Order | null> {
    const where = { accountId, kind: 'SUBSCRIPTION', status: 'PENDING' } as const;
    return toOrder(await this.#database.read().findOne(OrderSchema, where));
  }

  /** The order whose saved card is being charged; null when none is. The caller holds the account's lock. */
  async openAutoRecharge(tx: Transaction, accountId: string): Promise<Order | null> {
    const where = { accountId, operation: 'autoRecharge', status: 'PENDING' } as const;
    return toOrder(await tx.em.findOne(OrderSchema, where, { refresh: true }));
  }

  /** What saved cards were charged, or are being charged, from an instant on, in minor units. */
  async autoRechargedSince(tx: Transaction, accountId: string, since: Date): Promise<bigint> {
    const [row] = await tx.query<{ charged: bigint }>(
      `select coalesce(sum(amount_minor), 0)::bigint as charged from purchase_order
       where account_id = $1 and operation = 'autoRecharge' and created_at >= $2 and status not in ('FAILED', 'EXPIRED')`,
      [accountId, since],
    );
    return row?.charged ?? 0n;
  }

  /** The order that asked for a change of this subscription last, locked until the transaction ends. */
  async lockLastChangeOf(tx: Transaction, subscriptionId: string): Promise<Order | null> {
    const where = { changedSubscriptionId: subscriptionId };
    const options = {
      lockMode: LockMode.PESSIMISTIC_WRITE,
      refresh: true,
      orderBy: { id: 'desc' },
    } as const;
    return toOrder(await tx.em.findOne(OrderSchema, where, options));
  }

  /** Orders that wait for their page to be paid (a charge without a page has a job of its own), those first that were not looked up for longest. */
  async waiting(
    channel: Channel,
    by: { since: Date; lookedUpBefore: Date; now: Date; limit: number },
  ): Promise<Order[]> {
    const rows = await this.#database.query<{ id: string }>(
      {
        name: 'purchase_order_waiting',
        text: `select id from purchase_order
          where channel = $1 and status = 'PENDING' and changed_subscription_id is null and operation <> 'autoRecharge'
            and (created_at <= $2 or checkout_expires_at <= $4)
            and (looked_up_at is null or looked_up_at <= $3
              or (checkout_expires_at <= $4 and looked_up_at < checkout_expires_at))
          order by looked_up_at nulls first, created_at limit $5`,
      },
      [channel, by.since, by.lookedUpBefore, by.now, by.limit],
    );
    return this.byIds(rows.map(({ id }) => id));
  }

  async lookedUp(id: string, now: Date): Promise<void> {
    await this.#database.query(
      {
        name: 'purchase_order_looked_up',
        text: 'update purchase_order set looked_up_at = $2 where id = $1',
      },
      [id, now],
    );
  }

  async changesExpiredBy(now: Date, limit: number): Promise<string[]> {
    const rows = await this.#database.query<{ id: string }>(
      {
        name: 'purchase_order_changes_expired',
        text: `select id from purchase_order
          where status = 'PENDING' and changed_subscription_id is not null and checkout_expires_at <= $1
          order by checkout_expires_at limit $2`,
      },
      [now, limit],
    );
    return rows.map(({ id }) => id);
  }

  async nextChangeExpiry(after: Date): Promise<Date | null> {
    const [row] = await this.#database.query<{ at: Date | null }>(
      {
        name: 'purchase_order_next_change_expiry',
        text: `select min(checkout_expires_at) as at from purchase_order
          where status = 'PENDING' and changed_subscription_id is not null and checkout_expires_at > $1`,
      },
      [after],
    );
    return row?.at ?? null;
  }

  async lock(tx: Transaction, id: string): Promise<Order | null> {
    const options = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const;
    return toOrder(await tx.em.findOne(OrderSchema, { id }, options));
  }

  async lockPaidBy(
    tx: Transaction,
    channel: Channel,
    by: { readonly providerPaymentId: string } | { readonly providerSubscriptionId: string },
  ): Promise<Order | null> {
    const options = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const;
    return toOrder(await tx.em.findOne(OrderSchema, { channel, ...by }, options));
  }

  /** The order whose hosted page this is, by our own id where the provider kept it, else by the page's. */
  async ofCheckout(
    channel: Channel,
    orderId: string | null,
    checkoutId: string,
  ): Promise<Pick<Order, 'id' | 'accountId'> | null> {
    const [row] = await this.#database.query<Pick<Order, 'id' | 'accountId'>>(
      {
        name: 'purchase_order_of_checkout',
        text: `select id, account_id as "accountId" from purchase_order where channel = $1
          and (provider_checkout_id = $2 or (id = $3 and provider_checkout_id is null))`,
      },
      [channel, checkoutId, orderId],
    );
    return row ?? null;
  }

  async update(tx: Transaction, id: string, change: Partial<Row>): Promise<void> {
    await tx.em.nativeUpdate(OrderSchema, { id }, change);
  }

  async page(
    accountId: string,
    statuses: readonly OrderStatus[] | null,
    request: PageRequest,
  ): Promise<Page<Order>> {
    const page = await this.#pages.page(accountId, request, statuses?.join() ?? null);
    return { ...page, items: page.items.flatMap((row) => toOrder(row) ?? []) };
  }

  count(accountId: string, statuses: readonly OrderStatus[] | null): Promise<bigint> {
    return this.#pages.count(accountId, statuses?.join() ?? null);
  }
}

function toOrder(row: Row | null): Order | null {
  if (row === null) return null;
  const { amountMinor, currency, lookedUpAt: _, ...rest } = row;
  return { ...(rest as Omit<Order, 'amount'>), amount: { amountMinor, currency } };
}
