import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import {
  type Page,
  type PageRequest,
  pageOf,
  pageSize,
  readCursor,
  UUID_POSITION,
} from '../../platform/paging.ts';
import { AUDIT_CURSOR, type AuditEvent, type AuditFilter } from './audit.model.ts';

const APPEND: Statement = {
  name: 'audit_event_append',
  text: `insert into audit_event (id, at, action, actor_kind, actor_key_id, account_id, input, outcome, request_id)
    values ($1, $2, $3, $4, $5, $6, $7::json, $8, $9)`,
};
const MATCHING =
  '($1::uuid is null or account_id = $1) and ($2::text is null or action = $2) and ($3::uuid is null or id < $3)';
const PAGE = `select id, at, action, actor_kind as "actorKind", actor_key_id as "actorKeyId", account_id as "accountId",
    input, outcome, request_id as "requestId"
  from audit_event where ${MATCHING} order by id desc limit $4`;
const COUNT = `select count(*) as count from audit_event where ${MATCHING}`;

/** Every query on the trail of who did what. */
export class AuditStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async append(event: AuditEvent, tx: Transaction | null): Promise<void> {
    const values = [
      event.id,
      event.at,
      event.action,
      event.actorKind,
      event.actorKeyId,
      event.accountId,
      JSON.stringify(event.input),
      event.outcome,
      event.requestId,
    ];
    if (tx === null) await this.#database.query(APPEND, values);
    else await tx.query(APPEND.text, values);
  }

  async events(filter: AuditFilter, request: PageRequest): Promise<Page<AuditEvent>> {
    const size = pageSize(request);
    const before = readCursor(AUDIT_CURSOR, request, UUID_POSITION);
    const { accountId, action } = filter;
    // Not prepared: the best index depends on what is asked for.
    const rows = await this.#database.pool.query<AuditEvent>(PAGE, [
      accountId,
      action,
      before,
      size + 1,
    ]);
    return pageOf(rows.rows, size, before === null);
  }

  async count({ accountId, action }: AuditFilter): Promise<bigint> {
    const { rows } = await this.#database.pool.query<{ count: bigint }>(COUNT, [
      accountId,
      action,
      null,
    ]);
    return rows[0]?.count ?? 0n;
  }
}
