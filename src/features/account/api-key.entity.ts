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
    createdAt: instant(),
  },
});

export type ApiKeyRow = InferEntity<typeof ApiKeySchema>;
