import { defineEntity, p } from '@mikro-orm/postgresql';
import { instant } from '../../platform/database/columns.ts';

export const AuditEventSchema = defineEntity({
  name: 'AuditEvent',
  tableName: 'audit_event',
  indexes: [
    { name: 'audit_event_account', properties: ['accountId', 'id'] },
    { name: 'audit_event_action', properties: ['action', 'id'] },
  ],
  properties: {
    id: p.uuid().primary(),
    at: instant(),
    action: p.text(),
    actorKind: p.text(),
    actorKeyId: p.text(),
    accountId: p.uuid().nullable(),
    input: p.json<Record<string, unknown>>().columnType('json'),
    outcome: p.text(),
    requestId: p.text(),
  },
});
