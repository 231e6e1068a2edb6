import { defineEntity, p } from '@mikro-orm/postgresql';
import { instant } from '../../platform/database/columns.ts';

export const DomainClockSchema = defineEntity({
  name: 'DomainClock',
  tableName: 'domain_clock',
  checks: [
    { name: 'domain_clock_only_one', expression: 'id = 1' },
    { name: 'domain_clock_not_behind', expression: 'offset_ms >= 0' },
  ],
  properties: {
    id: p.integer().primary().autoincrement(false),
    offsetMs: p.bigint('bigint'),
    movedAt: instant(),
  },
});
