import { defineEntity, p } from '@mikro-orm/postgresql';
import { instant } from '../../platform/database/columns.ts';

export const ClientTokenKeySchema = defineEntity({
  name: 'ClientTokenKey',
  tableName: 'client_token_key',
  checks: [{ name: 'client_token_key_seed_is_random', expression: 'length(seed) = 32' }],
  indexes: [
    {
      name: 'client_token_key_one_signs',
      expression:
        'create unique index client_token_key_one_signs on client_token_key (secret_mark) where rotated_at is null',
    },
  ],
  properties: {
    id: p.uuid().primary(),
    secretMark: p.blob(),
    seed: p.blob(),
    createdAt: instant(),
    rotatedAt: instant().nullable(),
  },
});
