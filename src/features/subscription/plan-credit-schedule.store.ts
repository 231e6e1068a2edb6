import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { PlanCreditSchedule } from './subscription.model.ts';

const COLUMNS = `account_id as "accountId", cause_kind as "causeKind", cause_id as "causeId",
  subscription_id as "subscriptionId", anchor_at as "anchorAt", months, ends_at as "endsAt", next_month as "nextMonth",
  due_at as "dueAt", grant_id as "grantId", rolled_grant_id as "rolledGrantId"`;

const NEXT_DUE: Statement = {
  name: 'plan_credit_schedule_next_due',
  text: 'select min(due_at) as at from plan_credit_schedule where due_at > $1',
};

/** Every query on the table of months to come. The account's row is what is locked. */
export class PlanCreditScheduleStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async of(tx: Transaction, accountId: string): Promise<PlanCreditSchedule | null> {
    const [found] = await this.ofMany(tx, [accountId]);
    return found ?? null;
  }

  ofMany(tx: Transaction, accountIds: readonly string[]): Promise<PlanCreditSchedule[]> {
    return tx.query<PlanCreditSchedule>(
      `select ${COLUMNS} from plan_credit_schedule where account_id = any ($1::uuid[]) order by due_at, account_id`,
      [[...accountIds]],
    );
  }

  /** Accounts with a month that is due, their rows locked; those that somebody else has locked are left to them. */
  async lockDue(tx: Transaction, now: Date, limit: number): Promise<string[]> {
    const rows = await tx.query<{ accountId: string }>(
      `select a.id as "accountId" from plan_credit_schedule s join account a on a.id = s.account_id
        where s.due_at <= $1 order by s.due_at, s.account_id limit $2 for no key update of a skip locked`,
      [now, limit],
    );
    return rows.map(({ accountId }) => accountId);
  }

  async nextDueAt(after: Date): Promise<Date | null> {
    const [row] = await this.#database.query<{ at: Date | null }>(NEXT_DUE, [after]);
    return row?.at ?? null;
  }

  async save(tx: Transaction, schedule: PlanCreditSchedule): Promise<void> {
    await tx.query(
      `insert into plan_credit_schedule (account_id, cause_kind, cause_id, subscription_id, anchor_at, months, ends_at,
          next_month, due_at, grant_id, rolled_grant_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        on conflict (account_id) do update set cause_kind = excluded.cause_kind, cause_id = excluded.cause_id,
          subscription_id = excluded.subscription_id, anchor_at = excluded.anchor_at, months = excluded.months,
          ends_at = excluded.ends_at, next_month = excluded.next_month, due_at = excluded.due_at,
          grant_id = excluded.grant_id, rolled_grant_id = excluded.rolled_grant_id`,
      [
        schedule.accountId,
        schedule.causeKind,
        schedule.causeId,
        schedule.subscriptionId,
        schedule.anchorAt,
        schedule.months,
        schedule.endsAt,
        schedule.nextMonth,
        schedule.dueAt,
        schedule.grantId,
        schedule.rolledGrantId,
      ],
    );
  }
}
