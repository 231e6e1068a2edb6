import { GatheredList } from '../../live/gathered-list.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { NUMBER_POSITION, type Page, type PageRequest } from '../../platform/paging.ts';
import type { LifecycleTransition, RecordedTransition } from './lifecycle.model.ts';

const TRANSITION_CURSOR = 'lifecycle-transition';

const PAGE: Statement = {
  name: 'lifecycle_transition_page',
  text: `select w.n::int, t.* from unnest($1::uuid[], $2::bigint[], $3::int[]) with ordinality as w (account, before, size, n)
    cross join lateral (
      select sequence, from_status as "from", to_status as "to", trigger, at from lifecycle_transition
      where account_id = w.account and sequence < coalesce(w.before, 2147483648) order by sequence desc limit w.size
    ) t order by w.n, t.sequence desc`,
};
const COUNT: Statement = {
  name: 'lifecycle_transition_count',
  text: `select w.n::int, (select count(*) from lifecycle_transition where account_id = w.account) as count
    from unnest($1::uuid[]) with ordinality as w (account, n)`,
};

/** Every query on the history of statuses. */
export class LifecycleStore {
  readonly #transitions: GatheredList<RecordedTransition>;

  constructor(database: Database) {
    this.#transitions = new GatheredList({
      database,
      page: PAGE,
      count: COUNT,
      cursorKind: TRANSITION_CURSOR,
      position: NUMBER_POSITION,
    });
  }

  /** Writes down steps of accounts whose rows are locked, in the order given for each account. */
  async append(
    tx: Transaction,
    steps: readonly { readonly accountId: string; readonly transition: LifecycleTransition }[],
  ): Promise<void> {
    if (steps.length === 0) return;
    const transitions = steps.map(({ transition }) => transition);
    await tx.query(
      `insert into lifecycle_transition (account_id, sequence, from_status, to_status, trigger, at)
        select s.account_id, coalesce(l.last, 0) + row_number() over (partition by s.account_id order by s.n),
          s.from_status, s.to_status, s.trigger, s.at
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) with ordinality
          as s (account_id, from_status, to_status, trigger, at, n)
        left join lateral (
          select max(sequence) as last from lifecycle_transition t where t.account_id = s.account_id
        ) l on true`,
      [
        steps.map(({ accountId }) => accountId),
        transitions.map(({ from }) => from),
        transitions.map(({ to }) => to),
        transitions.map(({ trigger }) => trigger),
        transitions.map(({ at }) => at),
      ],
    );
  }

  page(accountId: string, request: PageRequest): Promise<Page<RecordedTransition>> {
    return this.#transitions.page(accountId, request);
  }

  count(accountId: string): Promise<bigint> {
    return this.#transitions.count(accountId);
  }
}
