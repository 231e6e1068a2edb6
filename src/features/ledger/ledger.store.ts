import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { AccountPart } from '../account/account-parts.model.ts';
import type {
  CreditBalance,
  CreditTransactionType,
  Debit,
  GrantCause,
  NewGrant,
} from './ledger.model.ts';

export type DebitOutcome =
  | {
      readonly outcome: 'applied';
      readonly sequence: bigint;
      readonly createdAt: Date;
      readonly balance: CreditBalance;
    }
  | { readonly outcome: 'replayed'; readonly sequence: bigint }
  | { readonly outcome: 'insufficient'; readonly balance: CreditBalance }
  | { readonly outcome: 'conflict' | 'blocked' | 'unknown_account' };

export interface HashedDebit extends Debit {
  readonly requestHash: Buffer;
}

export interface GrantOutcome {
  readonly outcome:
    | 'applied'
    | 'replayed'
    | 'conflict'
    | 'unknown_account'
    | 'expired'
    | 'too_large';
  /** Null when the grant waits to become effective. */
  readonly sequence: bigint | null;
  readonly grantId: string | null;
}

/** With which key a client asked for a grant, where one did. */
export interface GrantRequest {
  readonly operation: string;
  readonly idempotencyKey: string;
  readonly requestHash: Buffer;
}

interface BalanceRow {
  readonly sequence: bigint | null;
  readonly version: bigint;
  readonly total_micro: bigint;
  readonly plan_micro: bigint;
  readonly purchased_micro: bigint;
  readonly held_micro: bigint;
  readonly owed_micro: bigint;
}

interface DebitRow extends BalanceRow {
  readonly n: number;
  readonly outcome: DebitOutcome['outcome'];
}

const DEBIT: Statement = { name: 'ledger_debit', text: 'select * from ledger_debit($1, $2, $3)' };

// What is due is reckoned in, whether or not it was swept yet, as `ledger_settle` would do it: holds that expired give back,
// which pays what is owed and expires at once where the grant has ended; then grants start, paying what is still owed, and expire.
// Where nothing is due, nothing of it is looked for.
const balancesAt = (now: string) => `
    select b.account_id as "accountId", b.sequence, b.version,
      b.total_micro + coalesce(d.total, 0) as "totalMicro", b.plan_micro + coalesce(d.plan, 0) as "planMicro",
      b.purchased_micro + coalesce(d.purchased, 0) as "purchasedMicro",
      b.held_micro - coalesce(d.given_back, 0) as "heldMicro",
      greatest(0, b.owed_micro - coalesce(d.can_pay, 0)) as "owedMicro"
    from credit_balance b
    cross join lateral (
      select coalesce(sum(t.amount_micro), 0)::bigint as amount from credit_hold h
        join credit_hold_allocation t on t.account_id = h.account_id and t.hold_id = h.id
        where b.next_due_at <= ${now} and h.account_id = b.account_id and h.status = 'OPEN' and h.expires_at <= ${now}
    ) back
    cross join lateral (
      select sum(due)::bigint as total, (sum(due) filter (where source = 'PLAN'))::bigint as plan,
        (sum(due) filter (where source = 'PURCHASE'))::bigint as purchased, sum(given_back)::bigint as given_back,
        (sum(given_back) + sum(starting))::bigint as can_pay
      from (
        select source, held_micro - remaining_micro as due, 0 as given_back, 0 as starting from credit_grant
          where account_id = b.account_id and status = 'OPEN' and expires_at <= ${now}
        union all
        select source, case when expires_at <= ${now} then 0
            else amount_micro - greatest(0, least(amount_micro, b.owed_micro - back.amount - started_before)) end, 0, amount_micro
          from (
            select source, amount_micro, expires_at,
              sum(amount_micro) over (order by effective_at, id) - amount_micro as started_before
            from credit_grant where account_id = b.account_id and status = 'PENDING' and effective_at <= ${now}
          ) as starts
        union all
        select source, -case when has_ended then amount_micro
            else greatest(0, least(amount_micro, b.owed_micro - given_back_before)) end, amount_micro, 0
          from (
            select g.source, t.amount_micro, ended.has_ended, sum(t.amount_micro) over (
                order by ended.has_ended desc, h.expires_at, h.id, g.id) - t.amount_micro as given_back_before
            from credit_hold h
            join credit_hold_allocation t on t.account_id = h.account_id and t.hold_id = h.id
            join credit_grant g on g.id = t.grant_id
            cross join lateral (select (g.status = 'CLOSED' or g.expires_at <= ${now}) is true as has_ended) ended
            where h.account_id = b.account_id and h.status = 'OPEN' and h.expires_at <= ${now}
          ) as holds_due
      ) as all_due where b.next_due_at <= ${now}
    ) d`;
const BALANCES: Statement = {
  name: 'credit_balances',
  text: `${balancesAt('$2')} where b.account_id = any ($1)`,
};

/**
 * The version of an account's balance as PostgreSQL keeps it. Nothing of the ledger is written without its balance: not an entry,
 * not a grant, not a hold. None where something is due that is not written down yet: what it comes to goes on with time.
 */
export const LEDGER_STAMP = `
    select b.xmin::text from credit_balance b
    where b.account_id = w.account and (b.next_due_at <= w.now) is not true`;

/** The balance, to be read along with its account. Amounts are texts: they are larger than the numbers of JSON. */
export const BALANCE_PART: AccountPart<CreditBalance> = {
  name: 'balance',
  fields: ['creditBalance'],
  sql: () => `
    select json_build_array(sequence::text, version::text, "totalMicro"::text, "planMicro"::text, "purchasedMicro"::text,
      "heldMicro"::text, "owedMicro"::text)
    from (${balancesAt('w.now')} where b.account_id = w.account) balance`,
  stamp: () => LEDGER_STAMP,
  valueOf: (json, accountId) => {
    const numbers = (json as string[]).map(BigInt);
    const [sequence = 0n, version = 0n, totalMicro = 0n, planMicro = 0n, ...others] = numbers;
    const [purchasedMicro = 0n, heldMicro = 0n, owedMicro = 0n] = others;
    return {
      ...{ accountId, sequence, version },
      ...{ totalMicro, planMicro, purchasedMicro, heldMicro, owedMicro },
    };
  },
};

/** The ledger's tables: read here, and written by nothing but the ledger's SQL functions and the plain statement of a lone spend. */
export class LedgerStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async openBalance(tx: Transaction, accountId: string): Promise<void> {
    await tx.query('insert into credit_balance (account_id) values ($1)', [accountId]);
  }

  /** Takes an account's balance for this transaction, so that no debit runs until it ends. */
  async lockBalance(tx: Transaction, accountId: string): Promise<void> {
    await tx.query('select 1 from credit_balance where account_id = $1 for update', [accountId]);
  }

  /** Applies debits in one statement; answers in their order. No two may carry the same account and key. */
  async debit(debits: readonly HashedDebit[], now: Date): Promise<DebitOutcome[]> {
    const accounts = [...new Set(debits.map((debit) => debit.accountId))];
    const requests = debits.map((debit, n) => ({
      n,
      account_id: debit.accountId,
      amount: debit.amountMicro.toString(),
      type: debit.type,
      operation: debit.operation,
      key: debit.idempotencyKey,
      hash: `\\x${debit.requestHash.toString('hex')}`,
      usage_type: debit.usageType,
      description: debit.description,
      metadata: debit.metadata,
    }));
    const rows = await this.#database.query<DebitRow>(DEBIT, [
      now,
      accounts,
      JSON.stringify(requests),
    ]);
    const outcomes: DebitOutcome[] = new Array(debits.length);
    for (const row of rows) outcomes[row.n] = toOutcome(row, debits[row.n]?.accountId ?? '', now);
    return outcomes;
  }

  /** Adds a grant, once per cause; with a client's key, once per key. */
  async grant(
    tx: Transaction,
    grant: NewGrant & { id: string; priority: number; type: CreditTransactionType },
    request: GrantRequest | null,
    now: Date,
  ): Promise<GrantOutcome> {
    const [row] = await tx.query<GrantOutcome>(
      `select outcome, sequence, grant_id as "grantId"
       from ledger_grant($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
      [
        now,
        grant.id,
        grant.accountId,
        grant.source,
        grant.amountMicro,
        grant.priority,
        grant.effectiveAt,
        grant.expiresAt,
        grant.cause.kind,
        grant.cause.id,
        grant.type,
        grant.description,
        request?.operation ?? null,
        request?.idempotencyKey ?? null,
        request?.requestHash ?? null,
      ],
    );
    return row as GrantOutcome;
  }

  /** What a client's key stands for; null when it is new. */
  async request(
    tx: Transaction,
    accountId: string,
    { operation, idempotencyKey }: GrantRequest,
  ): Promise<{ sequence: bigint; requestHash: Buffer } | null> {
    const [row] = await tx.query<{ sequence: bigint; requestHash: Buffer }>(
      `select sequence, request_hash as "requestHash" from idempotency_key
        where account_id = $1 and operation = $2 and key = $3`,
      [accountId, operation, idempotencyKey],
    );
    return row ?? null;
  }

  /** Ends what is left of the grants of one kind of cause; answers how many there were. */
  async endGrants(
    tx: Transaction,
    accountId: string,
    causeKind: GrantCause['kind'],
    description: string,
    now: Date,
  ): Promise<number> {
    const [row] = await tx.query<{ ended: number }>(
      'select ledger_end_grants($1, $2, $3, $4) as ended',
      [now, accountId, causeKind, description],
    );
    return row?.ended ?? 0;
  }

  balances(accountIds: readonly string[], now: Date): Promise<CreditBalance[]> {
    return this.#database.query<CreditBalance>(BALANCES, [[...accountIds], now]);
  }
}

function toOutcome(row: DebitRow, accountId: string, createdAt: Date): DebitOutcome {
  switch (row.outcome) {
    case 'applied':
      return {
        outcome: 'applied',
        sequence: row.sequence ?? 0n,
        createdAt,
        balance: toBalance(row, accountId),
      };
    case 'replayed':
      return { outcome: 'replayed', sequence: row.sequence ?? 0n };
    case 'insufficient':
      return { outcome: 'insufficient', balance: toBalance(row, accountId) };
    default:
      return { outcome: row.outcome };
  }
}

function toBalance(row: BalanceRow, accountId: string): CreditBalance {
  return {
    accountId,
    sequence: row.sequence ?? 0n,
    version: row.version,
    totalMicro: row.total_micro,
    planMicro: row.plan_micro,
    purchasedMicro: row.purchased_micro,
    heldMicro: row.held_micro,
    owedMicro: row.owed_micro,
  };
}
