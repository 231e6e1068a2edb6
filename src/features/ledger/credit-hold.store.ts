import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Capture, CreditHold, HoldWish } from './credit-hold.model.ts';
import type { CreditBalance } from './ledger.model.ts';

/** What the database made of a request: always with the balance, and with the hold once there is one. */
interface HoldResult<Outcome> {
  readonly outcome: Outcome;
  readonly hold: CreditHold;
  readonly balance: CreditBalance;
}

type HeldOutcome = HoldResult<
  'applied' | 'replayed' | 'conflict' | 'insufficient' | 'blocked' | 'unknown_account'
>;
type CapturedOutcome = HoldResult<
  'applied' | 'replayed' | 'conflict' | 'ended' | 'too_much' | 'unknown_hold'
> & { readonly sequence: bigint };
type ReleasedOutcome = HoldResult<'applied' | 'replayed' | 'ended' | 'unknown_hold'>;

const HOLD_AND_BALANCE = `(r.hold).id, (r.hold).status, (r.hold).amount_micro, (r.hold).captured_micro,
  (r.hold).expires_at, (r.hold).created_at, (r.balance).sequence as balance_sequence, (r.balance).version,
  (r.balance).total_micro, (r.balance).plan_micro, (r.balance).purchased_micro, (r.balance).held_micro,
  (r.balance).owed_micro`;

interface HoldRow {
  readonly outcome: string;
  readonly id: string;
  readonly status: CreditHold['status'];
  readonly amount_micro: bigint;
  readonly captured_micro: bigint;
  readonly expires_at: Date;
  readonly created_at: Date;
  readonly balance_sequence: bigint;
  readonly version: bigint;
  readonly total_micro: bigint;
  readonly plan_micro: bigint;
  readonly purchased_micro: bigint;
  readonly held_micro: bigint;
  readonly owed_micro: bigint;
}

const HOLD: Statement = {
  name: 'ledger_hold',
  text: `select r.outcome, ${HOLD_AND_BALANCE} from ledger_hold($1, $2, $3, $4, $5, $6, $7) r`,
};
const CAPTURE: Statement = {
  name: 'ledger_capture_hold',
  text: `select r.outcome, r.sequence, ${HOLD_AND_BALANCE} from ledger_capture_hold($1, $2, $3, $4, $5, $6, $7, $8) r`,
};
const RELEASE: Statement = {
  name: 'ledger_release_hold',
  text: `select r.outcome, ${HOLD_AND_BALANCE} from ledger_release_hold($1, $2, $3) r`,
};
const EXPIRE: Statement = {
  name: 'ledger_expire_holds',
  text: 'select ledger_expire_holds($1, $2)::text',
};
const ACCOUNTS_WITH_DUE: Statement = {
  name: 'credit_holds_due',
  text: `select b.account_id as "accountId" from credit_balance b
    where b.next_due_at <= $1 and exists (
      select from credit_hold h where h.account_id = b.account_id and h.status = 'OPEN' and h.expires_at <= $1)
    order by b.account_id limit $2`,
};

/** The tables of holds, written by nothing but the ledger's SQL functions. */
export class CreditHoldStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async hold(
    wish: HoldWish & { id: string; expiresAt: Date; requestHash: Buffer },
    now: Date,
  ): Promise<HeldOutcome> {
    const { id, accountId, amountMicro, expiresAt, idempotencyKey, requestHash } = wish;
    const values = [now, id, accountId, amountMicro, expiresAt, idempotencyKey, requestHash];
    const [row] = await this.#database.query<HoldRow>(HOLD, values);
    return toResult(row as HoldRow, accountId) as HeldOutcome;
  }

  async capture(capture: Capture & { requestHash: Buffer }, now: Date): Promise<CapturedOutcome> {
    const { accountId, holdId, amountMicro, usageType, description } = capture;
    const [row] = await this.#database.query<HoldRow & { sequence: bigint }>(CAPTURE, [
      now,
      accountId,
      holdId,
      amountMicro,
      usageType,
      description,
      capture.idempotencyKey,
      capture.requestHash,
    ]);
    const result = toResult(row as HoldRow, accountId);
    return { ...result, sequence: row?.sequence } as CapturedOutcome;
  }

  async release(accountId: string, holdId: string, now: Date): Promise<ReleasedOutcome> {
    const [row] = await this.#database.query<HoldRow>(RELEASE, [now, accountId, holdId]);
    return toResult(row as HoldRow, accountId) as ReleasedOutcome;
  }

  /** Ends an account's holds that expired. */
  async expire(accountId: string, now: Date): Promise<void> {
    await this.#database.query(EXPIRE, [now, accountId]);
  }

  /** Some accounts that have holds to end. */
  async accountsWithDue(now: Date, atMost: number): Promise<string[]> {
    const rows = await this.#database.query<{ accountId: string }>(ACCOUNTS_WITH_DUE, [
      now,
      atMost,
    ]);
    return rows.map(({ accountId }) => accountId);
  }
}

function toResult(row: HoldRow, accountId: string): HoldResult<string> {
  return {
    outcome: row.outcome,
    hold: {
      id: row.id,
      accountId,
      status: row.status,
      amountMicro: row.amount_micro,
      capturedMicro: row.captured_micro,
      expiresAt: row.expires_at,
      createdAt: row.created_at,
    },
    balance: {
      accountId,
      sequence: row.balance_sequence,
      version: row.version,
      totalMicro: row.total_micro,
      planMicro: row.plan_micro,
      purchasedMicro: row.purchased_micro,
      heldMicro: row.held_micro,
      owedMicro: row.owed_micro,
    },
  };
}
