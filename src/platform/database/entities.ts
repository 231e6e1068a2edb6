import { AccountSchema } from '../../features/account/account.entity.ts';
import { ApiKeySchema } from '../../features/account/api-key.entity.ts';
import {
  CreditPackageSchema,
  PlanPriceSchema,
  PlanSchema,
} from '../../features/catalog/catalog.entity.ts';
import {
  CreditAllocationSchema,
  CreditBalanceSchema,
  CreditGrantSchema,
  CreditTransactionSchema,
  IdempotencyKeySchema,
} from '../../features/ledger/ledger.entity.ts';
import { WebhookEventSchema } from '../../inbox/webhook-event.entity.ts';

/** Every table that the gateway knows as an entity. */
export const entities = [
  AccountSchema,
  ApiKeySchema,
  PlanSchema,
  PlanPriceSchema,
  CreditPackageSchema,
  CreditBalanceSchema,
  CreditGrantSchema,
  CreditTransactionSchema,
  CreditAllocationSchema,
  IdempotencyKeySchema,
  WebhookEventSchema,
];
