import type { Database } from '../../platform/database/database.ts';

/** How far domain time is ahead, for every process and after a restart. */
export class ClockStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** In milliseconds; 0 when it was never moved. */
  async offsetMs(): Promise<number> {
    const [row] = await this.#database.query<{ offset: bigint }>(
      { name: 'domain_clock', text: 'select offset_ms as "offset" from domain_clock where id = 1' },
      [],
    );
    return Number(row?.offset ?? 0n);
  }

  /** Keeps a larger offset and tells every process. */
  async save(offsetMs: number, movedAt: Date): Promise<void> {
    await this.#database.transaction(async (tx) => {
      await tx.query(
        `insert into domain_clock (id, offset_ms, moved_at) values (1, $1, $2)
          on conflict (id) do update set offset_ms = excluded.offset_ms, moved_at = excluded.moved_at
          where domain_clock.offset_ms < excluded.offset_ms`,
        [offsetMs, movedAt],
      );
      tx.hint('clock', '*');
    });
  }
}
