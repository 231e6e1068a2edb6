import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { readLimits, type StoredLimit } from '../catalog/catalog.model.ts';
import type { UsageAnchor, UsageTerms } from './usage.model.ts';

type JsonAnchor = {
  readonly [Name in keyof UsageAnchor]: UsageAnchor[Name] extends string | null
    ? UsageAnchor[Name]
    : Name extends 'wholeUntil'
      ? string | null
      : string;
};

const ANCHORS = `select json_agg(json_build_object('startsAt', u.starts_at, 'anchorAt', u.anchor_at, 'wholeUntil', u.whole_until,
  'timeZone', u.time_zone, 'subscriptionId', u.subscription_id) order by u.starts_at) as anchors
  from usage_anchor u where u.account_id`;

const TERMS_OF_ALL = `
    select a.id as "accountId", a.status, a.status_ends_at as "statusEndsAt", a.blocked_at as "blockedAt",
      a.created_at as "createdAt", a.time_zone as "timeZone", usage_standing(a, s) as standing, s.plan_id as "planId",
      s.limits as "soldLimits",
      (${ANCHORS} = a.id)
    from account a
    left join plan_subscription s on s.account_id = a.id and s.status not in ('CANCELED', 'INCOMPLETE', 'INCOMPLETE_EXPIRED')
      and not s.is_refused`;
const TERMS: Statement = { name: 'usage_terms', text: `${TERMS_OF_ALL} where a.id = any ($1)` };

/** The terms of the account `id` as one JSON. */
export const termsAsJson = (id: string) =>
  `select row_to_json(terms) from (${TERMS_OF_ALL} where a.id = ${id}) terms`;

type TermsRow = Omit<UsageTerms, 'anchors' | 'soldLimits'> & {
  readonly anchors: readonly JsonAnchor[];
  readonly soldLimits: readonly StoredLimit[] | null;
};

/** The terms that were written as JSON. */
export function termsFromJson(json: unknown): UsageTerms {
  const row = json as TermsRow;
  return toTerms({
    ...row,
    statusEndsAt: row.statusEndsAt && new Date(row.statusEndsAt),
    blockedAt: row.blockedAt && new Date(row.blockedAt),
    createdAt: new Date(row.createdAt),
  });
}

/** What accounts' periods are anchored on, and what else their limits follow from. */
export class UsageAnchorStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The terms of these accounts, in no order; those that do not exist are left out. */
  async terms(accountIds: readonly string[]): Promise<UsageTerms[]> {
    return (await this.#database.query<TermsRow>(TERMS, [[...accountIds]])).map(toTerms);
  }

  /** An account's anchors, by `startsAt`. */
  async anchors(tx: Transaction, accountId: string): Promise<UsageAnchor[]> {
    const [row] = await tx.query<{ anchors: readonly JsonAnchor[] | null }>(`${ANCHORS} = $1`, [
      accountId,
    ]);
    return (row?.anchors ?? []).map(toAnchor);
  }

  /** Adds an anchor; it replaces one that starts at the same instant, and those that have not started yet. */
  async add(tx: Transaction, accountId: string, anchor: UsageAnchor, now: Date): Promise<void> {
    await tx.query('delete from usage_anchor where account_id = $1 and starts_at > $2', [
      accountId,
      now,
    ]);
    await tx.query(
      `insert into usage_anchor (account_id, starts_at, anchor_at, whole_until, time_zone, subscription_id)
       values ($1, $2, $3, $4, $5, $6)
       on conflict (account_id, starts_at) do update set anchor_at = excluded.anchor_at, whole_until = excluded.whole_until,
         time_zone = excluded.time_zone, subscription_id = excluded.subscription_id`,
      [
        accountId,
        anchor.startsAt,
        anchor.anchorAt,
        anchor.wholeUntil,
        anchor.timeZone,
        anchor.subscriptionId,
      ],
    );
  }
}

function toTerms(row: TermsRow): UsageTerms {
  return {
    ...row,
    soldLimits: row.soldLimits && readLimits(row.soldLimits),
    anchors: row.anchors.map(toAnchor),
  };
}

function toAnchor(json: JsonAnchor): UsageAnchor {
  return {
    startsAt: new Date(json.startsAt),
    anchorAt: new Date(json.anchorAt),
    wholeUntil: json.wholeUntil === null ? null : new Date(json.wholeUntil),
    timeZone: json.timeZone,
    subscriptionId: json.subscriptionId,
  };
}
