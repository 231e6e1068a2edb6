import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { instant } from '../../platform/database/columns.ts';
import { accountReference } from './account.entity.ts';
import type { ApiKeyKind } from './caller.model.ts';

export const ApiKeySchema = defineEntity({
  name: 'ApiKey',
  tableName: 'api_key',
  checks: [
    { name: 'api_key_kind_known', expression: `kind in ('ADMIN', 'MASTER', 'AGENT')` },
    { name: 'api_key_account_by_kind', expression: `(kind = 'ADMIN') = (account_id is null)` },
  ],
  indexes: [{ name: 'api_key_account', properties: ['accountId', 'createdAt'] }],
  properties: {
    id: p.uuid().primary(),
    kind: p.text().$type<ApiKeyKind>(),
    accountId: accountReference().nullable(),
    name: p.text(),
    prefix: p.text().unique('api_key_prefix_unique'),
    secretHash: p.blob(),
    scopes: p.array(),
    agentId: p.text().nullable(),
    lastUsedAt: instant().nullable(),
    revokedAt: instant().nullable(),
    /** Numbers the revocations, in the order in which they were committed; set by the database. */
    revocation: p.bigint('bigint').nullable().unique('api_key_revocation_unique'),
    createdAt: instant(),
  },
});

/** How many keys were revoked: one row, which gives each revocation its number. */
export const KeyRevocationCountSchema = defineEntity({
  name: 'KeyRevocationCount',
  tableName: 'key_revocation_count',
  checks: [
    { name: 'key_revocation_count_only_one', expression: 'id = 1' },
    { name: 'key_revocation_count_counts_up', expression: 'count >= 0' },
  ],
  properties: {
    id: p.integer().primary().autoincrement(false),
    count: p.bigint('bigint'),
  },
});

export type ApiKeyRow = InferEntity<typeof ApiKeySchema>;
