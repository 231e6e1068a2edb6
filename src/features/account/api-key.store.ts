import { invariant } from '../../platform/assert.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { type ApiKeyRow, ApiKeySchema } from './api-key.entity.ts';

/** What proves a key and says whose it is. */
export type ApiKeyProof = Pick<
  ApiKeyRow,
  'id' | 'kind' | 'accountId' | 'scopes' | 'agentId' | 'prefix' | 'secretHash' | 'revokedAt'
>;

/** What was revoked since somebody asked before. */
export interface Revocations {
  /** Of all time, these included. */
  readonly count: bigint;
  readonly keyIds: readonly string[];
}

const PROOFS: Statement = {
  name: 'api_key_proofs',
  text: `select id, kind, account_id as "accountId", scopes, agent_id as "agentId", prefix, secret_hash as "secretHash",
      revoked_at as "revokedAt"
    from api_key where prefix = any ($1)`,
};

const TOUCH: Statement = {
  name: 'api_key_touch',
  text: 'update api_key set last_used_at = $2 where id = any ($1) and (last_used_at is null or last_used_at < $2)',
};

const REVOKED: Statement = {
  name: 'api_keys_revoked',
  text: 'select id from api_key where id = any ($1) and revoked_at is not null',
};

/** No revocation has a number beyond it. */
const LAST_REVOCATION = 9_223_372_036_854_775_807n;
const REVOCATIONS: Statement = {
  name: 'api_key_revocations',
  text: `select count, array(select id::text from api_key where revocation > $1) as "keyIds" from key_revocation_count`,
};

/** Every query on the table of keys. */
export class ApiKeyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async insert(tx: Transaction, key: ApiKeyRow): Promise<void> {
    await tx.em.insert(ApiKeySchema, { ...key });
  }

  /** What is known of the keys with these prefixes, by prefix. */
  async proofs(prefixes: readonly string[]): Promise<Map<string, ApiKeyProof>> {
    const rows = await this.#database.query<ApiKeyProof>(PROOFS, [[...prefixes]]);
    return new Map(rows.map((row) => [row.prefix, row]));
  }

  byId(id: string): Promise<ApiKeyRow | null> {
    return this.#database.read().findOne(ApiKeySchema, { id });
  }

  byAccount(accountId: string | null): Promise<ApiKeyRow[]> {
    return this.#database
      .read()
      .find(ApiKeySchema, { accountId }, { orderBy: { createdAt: 'asc', id: 'asc' } });
  }

  /** Revokes a key that is not revoked yet. */
  async revoke(tx: Transaction, id: string, now: Date): Promise<void> {
    await tx.em.nativeUpdate(ApiKeySchema, { id, revokedAt: null }, { revokedAt: now });
  }

  async revokedAmong(ids: readonly string[]): Promise<string[]> {
    const rows = await this.#database.query<{ id: string }>(REVOKED, [[...ids]]);
    return rows.map(({ id }) => id);
  }

  /** The keys that were revoked after so many others; null: none, only how many there were. */
  async revocationsSince(count: bigint | null): Promise<Revocations> {
    const [row] = await this.#database.query<Revocations>(REVOCATIONS, [count ?? LAST_REVOCATION]);
    invariant(row !== undefined, 'revocations are counted');
    return row;
  }

  async touch(ids: readonly string[], now: Date): Promise<void> {
    await this.#database.query(TOUCH, [[...ids], now]);
  }
}
