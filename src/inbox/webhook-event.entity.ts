import { defineEntity, p } from '@mikro-orm/postgresql';
import type { WebhookEventStatus } from '../features/operations/webhook-event.model.ts';
import { instant } from '../platform/database/columns.ts';
import type { Channel } from '../platform/money.ts';

export const WebhookRoundSchema = defineEntity({
  name: 'WebhookRound',
  tableName: 'webhook_round',
  properties: { id: p.uuid().primary() },
});

export const WebhookEventSchema = defineEntity({
  name: 'WebhookEvent',
  tableName: 'webhook_event',
  checks: [
    { name: 'webhook_event_channel_known', expression: `channel in ('STRIPE', 'CREEM')` },
    {
      name: 'webhook_event_status_known',
      expression: `status in ('RECEIVED', 'PROCESSED', 'IGNORED', 'FAILED', 'DEAD')`,
    },
  ],
  uniques: [{ name: 'webhook_event_provider_unique', properties: ['channel', 'providerEventId'] }],
  indexes: [
    { name: 'webhook_event_page', properties: ['status', 'channel', 'id'] },
    {
      name: 'webhook_event_waiting',
      expression: `create index webhook_event_waiting on webhook_event (round) where status in ('RECEIVED', 'FAILED')`,
    },
  ],
  properties: {
    id: p.uuid().primary(),
    channel: p.text().$type<Channel>(),
    providerEventId: p.text(),
    type: p.text(),
    payload: p.text(),
    status: p.text().$type<WebhookEventStatus>(),
    attempts: p.integer(),
    lastError: p.text().nullable(),
    receivedAt: instant(),
    processedAt: instant().nullable(),
    round: p.uuid().nullable(),
  },
});
