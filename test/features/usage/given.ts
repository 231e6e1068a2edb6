import { randomUUID } from 'node:crypto';
import type { TestAccount, TestGateway } from '../../support/gateway.ts';
import type { RecordUsageMutation } from '../../support/operations.generated.ts';
import { RecordUsageDocument, UsagePeriodDocument } from '../../support/operations.generated.ts';

export type Recorded = RecordUsageMutation['recordUsage'];

interface EventGiven {
  readonly metric?: string;
  readonly quantity?: number;
  readonly occurredAt?: Date | string;
  readonly idempotencyKey?: string;
}

/** An event of one API call, unless said otherwise. */
export const event = (given: EventGiven = {}) => ({
  metric: 'apiCalls',
  quantity: 1,
  idempotencyKey: randomUUID(),
  ...given,
  occurredAt: given.occurredAt === undefined ? null : new Date(given.occurredAt).toISOString(),
});

/** Records an event with the account's master key. */
export async function record(account: TestAccount, given: EventGiven = {}): Promise<Recorded> {
  const { recordUsage } = await account.client.request(RecordUsageDocument, {
    input: event(given),
  });
  return recordUsage;
}

/** What was counted, or the code of the refusal. */
export function outcome(recorded: Recorded): number | string {
  return recorded.__typename === 'RecordUsagePayload' ? recorded.counter.used : recorded.code;
}

/** The present period's count of a metric. */
export async function used(account: TestAccount, metric = 'apiCalls'): Promise<number> {
  const { account: found } = await account.client.request(UsagePeriodDocument, {});
  const counter = found?.usagePeriod.counters.find((known) => known.metric === metric);
  return counter?.used ?? Number.NaN;
}

/** Runs SQL as the owner of the tables. */
export async function sql(gateway: TestGateway, text: string, values: unknown[]) {
  const { rows } = await gateway.app.services.database.pool.query(text, values);
  return rows;
}

/** Gives an account another status, as the lifecycle would. */
export async function become(
  gateway: TestGateway,
  accountId: string,
  status: string,
): Promise<void> {
  const { services } = gateway.app;
  const { accounts, database } = services;
  await database.transaction(async (tx) => {
    const account = await accounts.lock(tx, accountId);
    const isBlocked = status === 'SUSPENDED' || status === 'DELETED';
    const now = services.clock.now();
    const standing = {
      status: status as 'READONLY',
      statusSince: now,
      statusEndsAt: null,
      blockedAt: isBlocked ? now : null,
    };
    await accounts.changeStandings(tx, [{ account, standing }]);
  });
}

/** A live subscription, as if taken over from the provider just now. */
export async function subscribe(
  gateway: TestGateway,
  accountId: string,
  slug: string,
): Promise<void> {
  const { services } = gateway.app;
  const { database, catalog, usageAnchors } = services;
  const now = services.clock.now();
  const plan = await catalog.planBySlug(slug);
  await sql(
    gateway,
    `insert into plan_subscription (id, account_id, plan_id, channel, provider_subscription_id, provider_customer_id,
       provider_price_id, status, interval, monthly_credits, rollover, current_period_start, current_period_end,
       cancel_at_period_end, is_refused, revision, created_at, updated_at)
     values ($1::uuid, $2, $3, 'STRIPE', $1::uuid::text, 'cus', 'price', 'ACTIVE', 'MONTH', '{"kind":"CUSTOM"}', '{"kind":"CUSTOM"}', $4, $5,
       false, false, 1, $4, $4)`,
    [randomUUID(), accountId, plan?.id, now, new Date(now.getTime() + 31 * 86_400_000)],
  );
  const subscription = await services.subscriptions.liveSubscription(accountId);
  await database.transaction((tx) =>
    usageAnchors.followSubscription(tx, {
      type: 'subscription.changed',
      subscription: subscription as NonNullable<typeof subscription>,
      previousStatus: null,
      previous: null,
    }),
  );
}

/** What the account has become when all jobs are done. */
export async function statusOf(gateway: TestGateway, account: TestAccount): Promise<string> {
  await gateway.settled();
  const { account: found } = await account.client.query<{ account: { status: string } }>(
    '{ account { status } }',
  );
  return found.status;
}
