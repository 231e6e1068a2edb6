import { defineEntity, p } from '@mikro-orm/postgresql';
import { instant } from '../../platform/database/columns.ts';
import type { Channel } from '../../platform/money.ts';
import type { ProviderEnvironment } from './reconciliation.model.ts';

export const ProviderWatermarkSchema = defineEntity({
  name: 'ProviderWatermark',
  tableName: 'provider_watermark',
  checks: [
    { name: 'provider_watermark_channel_known', expression: `channel in ('STRIPE', 'CREEM')` },
  ],
  properties: {
    channel: p.text().primary().$type<Channel>(),
    knownUntil: instant(),
    updatedAt: instant(),
  },
});

export const ProviderEnvironmentSchema = defineEntity({
  name: 'ProviderEnvironment',
  tableName: 'provider_environment',
  checks: [
    { name: 'provider_environment_channel_known', expression: `channel in ('STRIPE', 'CREEM')` },
    {
      name: 'provider_environment_known',
      expression: `environment in ('sandbox', 'test', 'live')`,
    },
  ],
  properties: {
    channel: p.text().primary().$type<Channel>(),
    environment: p.text().$type<ProviderEnvironment>(),
    since: instant(),
  },
});
