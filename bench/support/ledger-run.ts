import { Client } from 'pg';
import { seededAccount } from './spend-operation.ts';

/** As many accounts as one hint names. */
const DEBITED_TOGETHER = 200;
const DEBIT = {
  name: 'debit',
  text: `select count(*)::int as applied from ledger_debit($1, $2, (
    select json_agg(json_build_object('n', n, 'account_id', account, 'amount', 250000, 'type', 'SPEND', 'operation', 'spendCredits',
      'key', $3::text, 'hash', sha256($3::text::bytea), 'usage_type', 'ai_usage', 'description', 'Chat completion',
      'metadata', json_build_object('model', 'large', 'tokens', 1250)))
    from unnest($2::uuid[]) with ordinality as a (account, n))) where outcome = 'applied'`,
};
const BEGAN_AT = Date.UTC(2026, 2, 1);
/** The tables in which a debit leaves old versions of rows, or adds some. */
const WRITTEN = [
  'credit_balance',
  'credit_grant',
  'credit_transaction',
  'credit_allocation',
  'idempotency_key',
];

/** How many there were in this process, which looks after one database. */
let runs = 0;

/**
 * Changes balances from outside the servers, by the ledger's own function and with its hints, as a run over all accounts does.
 * The n-th run is the same in every database, to the instant that its entries tell.
 */
export class LedgerRun {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  static async open(databaseUrl: string): Promise<LedgerRun> {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    // PostgreSQL would tidy up after one server while another one has its turn.
    for (const written of WRITTEN)
      await client.query(`alter table ${written} set (autovacuum_enabled = off)`);
    return new LedgerRun(client);
  }

  /** Tidies up what runs have left behind. */
  async tidyUp(): Promise<void> {
    await this.#client.query(`vacuum (analyze) ${WRITTEN.join(', ')}`);
  }

  /** Debits each of the first accounts once, in one transaction that waits for `commit`. */
  async debit(accounts: number): Promise<void> {
    runs += 1;
    const now = new Date(BEGAN_AT + runs * 1_000);
    await this.#client.query('begin');
    for (let first = 0; first < accounts; first += DEBITED_TOGETHER) {
      const count = Math.min(DEBITED_TOGETHER, accounts - first);
      const ids = Array.from({ length: count }, (_, n) => seededAccount(first + n).id);
      const { rows } = await this.#client.query(DEBIT, [now, ids, `run-${runs}`]);
      if (rows[0]?.applied !== count) throw new Error(`${rows[0]?.applied} of ${count} applied.`);
    }
  }

  async commit(): Promise<void> {
    await this.#client.query('commit');
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
}
