import { AccountSchema } from '../../features/account/account.entity.ts';
import { ApiKeySchema, KeyRevocationCountSchema } from '../../features/account/api-key.entity.ts';
import { ClientTokenKeySchema } from '../../features/account/client-token-key.entity.ts';
import { AutoRechargeSchema } from '../../features/auto-recharge/auto-recharge.entity.ts';
import {
  CreditPackageSchema,
  PlanPriceSchema,
  PlanSchema,
} from '../../features/catalog/catalog.entity.ts';
import { CheckInConfigSchema, CheckInSchema } from '../../features/check-in/check-in.entity.ts';
import { CouponRedemptionSchema, CouponSchema } from '../../features/coupon/coupon.entity.ts';
import { InvoiceSchema } from '../../features/invoice/invoice.entity.ts';
import {
  CreditHoldAllocationSchema,
  CreditHoldSchema,
} from '../../features/ledger/credit-hold.entity.ts';
import { CreditReversalSchema } from '../../features/ledger/credit-reversal.entity.ts';
import {
  CreditAllocationSchema,
  CreditBalanceSchema,
  CreditGrantSchema,
  CreditTransactionSchema,
  IdempotencyKeySchema,
} from '../../features/ledger/ledger.entity.ts';
import {
  LifecycleTransitionSchema,
  PromotionSchema,
} from '../../features/lifecycle/lifecycle.entity.ts';
import { AuditEventSchema } from '../../features/operations/audit.entity.ts';
import { DomainClockSchema } from '../../features/operations/clock.entity.ts';
import {
  ProviderEnvironmentSchema,
  ProviderWatermarkSchema,
} from '../../features/operations/reconciliation.entity.ts';
import { OrderSchema } from '../../features/order/order.entity.ts';
import {
  CardRequestSchema,
  PaymentMethodSchema,
} from '../../features/payment-method/payment-method.entity.ts';
import {
  ProviderCustomerRequestSchema,
  ProviderCustomerSchema,
} from '../../features/payment-method/provider-customer.entity.ts';
import { ReversalSchema } from '../../features/reversal/reversal.entity.ts';
import {
  PlanChangeQuoteSchema,
  PlanChangeSchema,
} from '../../features/subscription/plan-change.entity.ts';
import { PlanCreditScheduleSchema } from '../../features/subscription/plan-credit-schedule.entity.ts';
import { PlanSubscriptionSchema } from '../../features/subscription/subscription.entity.ts';
import {
  UsageAnchorSchema,
  UsageCounterSchema,
  UsageDailySchema,
  UsageEventSchema,
} from '../../features/usage/usage.entity.ts';
import { WebhookEventSchema, WebhookRoundSchema } from '../../inbox/webhook-event.entity.ts';
import { RateWindowSchema } from './rate-window.entity.ts';

/** Every table that the gateway knows as an entity. */
export const entities = [
  AccountSchema,
  ApiKeySchema,
  KeyRevocationCountSchema,
  ClientTokenKeySchema,
  PlanSchema,
  PlanPriceSchema,
  CreditPackageSchema,
  CreditBalanceSchema,
  CreditGrantSchema,
  CreditTransactionSchema,
  CreditAllocationSchema,
  IdempotencyKeySchema,
  CreditHoldSchema,
  CreditHoldAllocationSchema,
  CreditReversalSchema,
  CheckInSchema,
  CheckInConfigSchema,
  CouponSchema,
  CouponRedemptionSchema,
  ProviderCustomerSchema,
  ProviderCustomerRequestSchema,
  PaymentMethodSchema,
  CardRequestSchema,
  PlanSubscriptionSchema,
  UsageAnchorSchema,
  UsageCounterSchema,
  UsageEventSchema,
  UsageDailySchema,
  PlanChangeQuoteSchema,
  PlanChangeSchema,
  OrderSchema,
  InvoiceSchema,
  ReversalSchema,
  AutoRechargeSchema,
  LifecycleTransitionSchema,
  PromotionSchema,
  PlanCreditScheduleSchema,
  DomainClockSchema,
  AuditEventSchema,
  ProviderEnvironmentSchema,
  ProviderWatermarkSchema,
  WebhookEventSchema,
  WebhookRoundSchema,
  RateWindowSchema,
];
