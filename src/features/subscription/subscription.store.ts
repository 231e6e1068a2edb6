import { LockMode } from '@mikro-orm/core';
import type { InferEntity } from '@mikro-orm/postgresql';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Channel } from '../../platform/money.ts';
import { type AccountPart, versionsOf } from '../account/account-parts.model.ts';
import {
  readAllowance,
  readLimits,
  storeAllowance,
  storeLimits,
} from '../catalog/catalog.model.ts';
import { PlanSubscriptionSchema } from './subscription.entity.ts';
import type { PlanSubscription } from './subscription.model.ts';

type Row = InferEntity<typeof PlanSubscriptionSchema>;

const COLUMNS = `id, account_id as "accountId", plan_id as "planId", channel,
      provider_subscription_id as "providerSubscriptionId", provider_customer_id as "providerCustomerId",
      provider_price_id as "providerPriceId", status, interval, monthly_credits as "monthlyCredits", rollover,
      price_minor as "priceMinor", currency, started_at as "startedAt", current_period_start as "currentPeriodStart",
      current_period_end as "currentPeriodEnd", trial_start as "trialStart", trial_end as "trialEnd",
      cancel_at_period_end as "cancelAtPeriodEnd", is_promotion as "isPromotion", cancel_at as "cancelAt",
      ended_at as "endedAt", is_refused as "isRefused", revision, created_at as "createdAt", updated_at as "updatedAt"`;
const LATEST: Statement = {
  name: 'plan_subscription_latest',
  text: `select distinct on (account_id) ${COLUMNS}
    from plan_subscription where account_id = any ($1) and not is_refused
    order by account_id, status in ('CANCELED', 'INCOMPLETE', 'INCOMPLETE_EXPIRED'), created_at desc, id desc`,
};

/** The live subscription or the last one, to be read along with its account; null: there never was one. */
export const SUBSCRIPTION_PART: AccountPart<PlanSubscription | null> = {
  name: 'subscription',
  fields: ['subscription', 'plan'],
  sql: () => `
    select json_build_array(row_to_json(s), s."priceMinor"::text) from (
      select ${COLUMNS} from plan_subscription where account_id = w.account and not is_refused
      order by status in ('CANCELED', 'INCOMPLETE', 'INCOMPLETE_EXPIRED'), created_at desc, id desc limit 1) s`,
  stamp: () => versionsOf('plan_subscription'),
  valueOf: (json) => (json === null ? null : toSubscription(rowOf(json as SubscriptionAsJson))),
};
type SubscriptionAsJson = readonly [
  row: Readonly<Record<string, unknown>>,
  priceMinor: string | null,
];

const INSTANTS = [
  ...['startedAt', 'currentPeriodStart', 'currentPeriodEnd', 'trialStart', 'trialEnd', 'cancelAt'],
  ...['endedAt', 'createdAt', 'updatedAt'],
];
const OVER = ['CANCELED', 'INCOMPLETE', 'INCOMPLETE_EXPIRED'] as const;

/** Every query on the table of subscriptions. */
export class SubscriptionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The revision that is stored of a provider's subscription; 0 for one that is not known yet. */
  async revisionOf(channel: Channel, providerSubscriptionId: string): Promise<bigint> {
    const row = await this.#database
      .read()
      .findOne(
        PlanSubscriptionSchema,
        { channel, providerSubscriptionId },
        { fields: ['revision'] },
      );
    return row?.revision ?? 0n;
  }

  /** A provider's subscription as stored, locked until the transaction ends. */
  async lock(
    tx: Transaction,
    channel: Channel,
    providerSubscriptionId: string,
  ): Promise<PlanSubscription | null> {
    const options = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const;
    const row = await tx.em.findOne(
      PlanSubscriptionSchema,
      { channel, providerSubscriptionId },
      options,
    );
    return row === null ? null : toSubscription(row);
  }

  async byId(tx: Transaction, id: string): Promise<PlanSubscription | null> {
    const row = await tx.em.findOne(PlanSubscriptionSchema, { id }, { refresh: true });
    return row === null ? null : toSubscription(row);
  }

  async liveOf(accountIds: readonly string[]): Promise<PlanSubscription[]> {
    const where = {
      accountId: { $in: [...accountIds] },
      status: { $nin: [...OVER] },
      isRefused: false,
    };
    return (await this.#database.read().find(PlanSubscriptionSchema, where)).map(toSubscription);
  }

  /** Of each account the live subscription, or else the one that was made last. */
  async latestOf(accountIds: readonly string[]): Promise<PlanSubscription[]> {
    return (await this.#database.query<Row>(LATEST, [[...accountIds]])).map(toSubscription);
  }

  async overdue(
    channel: Channel,
    by: { endedBefore: Date; seenBefore: Date; limit: number },
  ): Promise<PlanSubscription[]> {
    const rows = await this.#database.query<{ id: string }>(
      {
        name: 'plan_subscription_overdue',
        text: `select id from plan_subscription
          where channel = $1 and not is_refused and status not in ('CANCELED', 'INCOMPLETE', 'INCOMPLETE_EXPIRED')
            and current_period_end <= $2 and (updated_at < current_period_end or updated_at <= $3)
          order by updated_at limit $4`,
      },
      [channel, by.endedBefore, by.seenBefore, by.limit],
    );
    const found = await this.#database
      .read()
      .find(PlanSubscriptionSchema, { id: { $in: rows.map((row) => row.id) } });
    return found.map(toSubscription);
  }

  async hasEverBegun(accountId: string): Promise<boolean> {
    const rows = await this.#database.query(
      {
        name: 'plan_subscription_ever_begun',
        text: `select 1 from plan_subscription where account_id = $1 and not is_refused
          and status not in ('INCOMPLETE', 'INCOMPLETE_EXPIRED') limit 1`,
      },
      [accountId],
    );
    return rows.length > 0;
  }

  /** The live subscription of an account other than this one, locked until the transaction ends. */
  async otherLive(
    tx: Transaction,
    accountId: string,
    providerSubscriptionId: string,
  ): Promise<PlanSubscription | null> {
    const options = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const;
    const where = {
      accountId,
      providerSubscriptionId: { $ne: providerSubscriptionId },
      status: { $nin: [...OVER] },
      isRefused: false,
    };
    const row = await tx.em.findOne(PlanSubscriptionSchema, where, options);
    return row === null ? null : toSubscription(row);
  }

  async save(tx: Transaction, subscription: PlanSubscription): Promise<void> {
    const { price, monthlyCredits, rollover, limits, ...rest } = subscription;
    await tx.em.upsert(PlanSubscriptionSchema, {
      ...rest,
      monthlyCredits: storeAllowance(monthlyCredits),
      rollover: storeAllowance(rollover),
      limits: limits && storeLimits(limits),
      priceMinor: price?.amountMinor ?? null,
      currency: price?.currency ?? null,
    });
  }
}

function toSubscription(row: Row): PlanSubscription {
  const { priceMinor, currency, monthlyCredits, rollover, limits, ...rest } = row;
  const price =
    priceMinor === null || priceMinor === undefined || !currency
      ? null
      : { amountMinor: priceMinor, currency };
  return {
    ...(rest as Omit<PlanSubscription, 'price' | 'monthlyCredits' | 'rollover' | 'limits'>),
    price,
    monthlyCredits: readAllowance(monthlyCredits),
    rollover: readAllowance(rollover),
    limits: limits ? readLimits(limits) : null,
  };
}

/** The row that was written as JSON. */
function rowOf([row, priceMinor]: SubscriptionAsJson): Row {
  const instants = INSTANTS.map((name) => {
    const at = row[name] as string | null;
    return [name, at === null ? null : new Date(at)] as const;
  });
  return {
    ...(row as unknown as Row),
    ...Object.fromEntries(instants),
    priceMinor: priceMinor === null ? null : BigInt(priceMinor),
    revision: BigInt(row.revision as number),
  };
}
