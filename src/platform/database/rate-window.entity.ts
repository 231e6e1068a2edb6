import { defineEntity, p } from '@mikro-orm/postgresql';
import { instant } from './columns.ts';

export const RateWindowSchema = defineEntity({
  name: 'RateWindow',
  tableName: 'rate_window',
  checks: [{ name: 'rate_window_counts_up', expression: 'request_count >= 0' }],
  properties: {
    subject: p.text().primary(),
    startedAt: instant().primary(),
    requestCount: p.bigint('bigint'),
  },
});
