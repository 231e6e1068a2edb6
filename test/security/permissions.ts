/** What an operation needs: nothing, a permission on the account that it is about, or an administrator. */
export type Need =
  | 'public'
  | 'read'
  | 'spend'
  | 'record'
  | 'buy'
  | 'checkIn'
  | 'change'
  | 'manage'
  | 'admin';

/** What there is of one account, by the kinds of ids that arguments carry. */
export interface Things {
  readonly account: string;
  readonly order: string;
  readonly hold: string;
  readonly paymentMethod: string;
  readonly apiKey: string;
}

interface Rule {
  readonly needs: Need;
  readonly args?: (of: Things) => Record<string, unknown>;
}

const RETURN = 'http://localhost:3000/';
const once = { idempotencyKey: 'matrix' };
const pages = { successUrl: RETURN, cancelUrl: RETURN };
const input =
  (fields: (of: Things) => object = () => ({})) =>
  (of: Things) => ({ input: { accountId: of.account, ...fields(of) } });
const own = ({ account }: Things) => ({ accountId: account });

/** Who may do what, one line per operation. One that is missing here fails the matrix by its name. */
export const OPERATIONS: Readonly<Record<string, Rule>> = {
  'Query.plans': { needs: 'public' },
  'Query.plan': { needs: 'public', args: () => ({ slug: 'pro' }) },
  'Query.creditPackages': { needs: 'public' },
  'Query.publishableKey': { needs: 'public' },
  'Query.account': { needs: 'read', args: ({ account }) => ({ id: account }) },
  'Query.order': { needs: 'read', args: ({ order }) => ({ id: order }) },
  'Query.checkUsage': { needs: 'record', args: (of) => ({ ...own(of), metric: 'apiCalls' }) },
  'Query.previewPlanChange': {
    needs: 'change',
    args: (of) => ({ ...own(of), planSlug: 'scale', interval: 'MONTH' }),
  },
  'Query.apiKeys': { needs: 'manage', args: own },
  'Query.accounts': { needs: 'admin' },
  'Query.creditTransactions': { needs: 'admin', args: own },
  'Query.coupons': { needs: 'admin' },
  'Query.checkInConfig': { needs: 'admin' },
  'Query.webhookEvents': { needs: 'admin' },
  'Query.auditEvents': { needs: 'admin', args: own },

  'Mutation.createCheckout': { needs: 'buy', args: input(() => ({ ...pages, ...once })) },
  'Mutation.recharge': {
    needs: 'buy',
    args: input(() => ({ amountMinorUnits: 1_500, ...pages, ...once })),
  },
  'Mutation.createPortalSession': { needs: 'buy', args: input(() => ({ returnUrl: RETURN })) },
  'Mutation.createSetupIntent': { needs: 'buy', args: input(() => once) },
  'Mutation.attachPaymentMethod': {
    needs: 'buy',
    args: input(() => ({ paymentMethodId: 'pm_card_visa', ...once })),
  },
  'Mutation.detachPaymentMethod': {
    needs: 'change',
    args: input(({ paymentMethod }) => ({ paymentMethodId: paymentMethod })),
  },
  'Mutation.changePlan': {
    needs: 'change',
    args: input(() => ({ planSlug: 'scale', interval: 'MONTH', ...once })),
  },
  'Mutation.cancelSubscription': { needs: 'change', args: input() },
  'Mutation.resumeSubscription': { needs: 'change', args: input() },
  'Mutation.redeemCoupon': { needs: 'manage', args: input(() => ({ code: 'NONE', ...once })) },
  'Mutation.setAutoRecharge': {
    needs: 'manage',
    args: input(() => ({ enabled: false, threshold: '1', amountMinorUnits: 500 })),
  },
  'Mutation.checkIn': { needs: 'checkIn', args: input() },
  'Mutation.spendCredits': { needs: 'spend', args: input(() => ({ amount: '0.1', ...once })) },
  'Mutation.holdCredits': { needs: 'spend', args: input(() => ({ amount: '0.1', ...once })) },
  'Mutation.captureHold': {
    needs: 'spend',
    args: input(({ hold }) => ({ holdId: hold, ...once })),
  },
  'Mutation.releaseHold': { needs: 'spend', args: input(({ hold }) => ({ holdId: hold })) },
  'Mutation.recordUsage': {
    needs: 'record',
    args: input(() => ({ metric: 'apiCalls', quantity: 1, ...once })),
  },
  'Mutation.recordUsageBatch': {
    needs: 'record',
    args: input(() => ({ events: [{ metric: 'apiCalls', quantity: 1, idempotencyKey: 'batch' }] })),
  },
  'Mutation.createApiKey': {
    needs: 'manage',
    args: input(() => ({ kind: 'MASTER', name: 'From the matrix' })),
  },
  'Mutation.revokeApiKey': { needs: 'manage', args: ({ apiKey }) => ({ id: apiKey }) },
  'Mutation.createClientToken': { needs: 'manage', args: input() },
  'Mutation.createAccount': {
    needs: 'admin',
    args: () => ({ input: { externalId: 'matrix', name: 'From the matrix' } }),
  },
  'Mutation.updateAccount': { needs: 'admin', args: input(() => ({ name: 'Renamed' })) },
  'Mutation.createPlan': {
    needs: 'admin',
    args: () => ({ input: { slug: 'matrix', name: 'x', monthlyCredits: { kind: 'CUSTOM' } } }),
  },
  'Mutation.updatePlan': {
    needs: 'admin',
    args: ({ order: id }) => ({ input: { id, name: 'x' } }),
  },
  'Mutation.returnPlanToFile': { needs: 'admin', args: ({ order: id }) => ({ id }) },
  'Mutation.createCoupon': {
    needs: 'admin',
    args: () => ({ input: { code: 'MATRIX', kind: 'CREDITS', credits: '5' } }),
  },
  'Mutation.updateCoupon': { needs: 'admin', args: ({ order: id }) => ({ input: { id } }) },
  'Mutation.adjustCredits': {
    needs: 'admin',
    args: input(() => ({ amount: '1', reason: 'The matrix.', ...once })),
  },
  'Mutation.updateCheckInConfig': { needs: 'admin', args: () => ({ input: {} }) },
  'Mutation.replayWebhookEvent': { needs: 'admin', args: ({ order: id }) => ({ id }) },
  'Mutation.advanceClock': { needs: 'admin', args: () => ({ to: '2020-01-01T00:00:00Z' }) },

  'Subscription.creditBalanceChanged': { needs: 'read', args: own },
  'Subscription.usageChanged': { needs: 'read', args: own },
  'Subscription.accountChanged': { needs: 'read', args: own },
  'Subscription.orderChanged': { needs: 'read', args: ({ order }) => ({ id: order }) },
};

/**
 * What an agent without billing:read can come to from what it may do, by the fields that lead there. `open` is part of the
 * answer to what it did; `read` is not shown to it.
 */
export const BEYOND: Readonly<Record<string, 'open' | 'read'>> = {
  'CaptureHoldPayload.balance': 'open',
  'CaptureHoldPayload.hold': 'open',
  'CaptureHoldPayload.transaction': 'open',
  'CreditAllocation.grant': 'open',
  'CreditGrant.invoice': 'read',
  'CreditGrant.order': 'read',
  'CreditTransaction.account': 'read',
  'CreditTransaction.allocations': 'open',
  'HoldCreditsPayload.balance': 'open',
  'HoldCreditsPayload.hold': 'open',
  'RecordUsageBatchResult.results': 'open',
  'RecordUsagePayload.counter': 'open',
  'ReleaseHoldPayload.balance': 'open',
  'ReleaseHoldPayload.hold': 'open',
  'SpendCreditsPayload.balance': 'open',
  'SpendCreditsPayload.transaction': 'open',
  'UsageCheck.limit': 'open',
  'UsageCounter.limit': 'open',
};

/** What each argument that is an id means: one of an account's things, or something that is nobody's. */
export const IDS: Readonly<Record<string, keyof Things | 'catalogue' | 'administered'>> = {
  'Query.account.id': 'account',
  'Query.order.id': 'order',
  'Subscription.orderChanged.id': 'order',
  'Mutation.revokeApiKey.id': 'apiKey',
  'CaptureHoldInput.holdId': 'hold',
  'ReleaseHoldInput.holdId': 'hold',
  'DetachPaymentMethodInput.paymentMethodId': 'paymentMethod',
  'CreateCheckoutInput.planId': 'catalogue',
  'RechargeInput.packageId': 'catalogue',
  // A quote is looked up by its account: tried in test/features/subscription.
  'ChangePlanInput.quoteId': 'catalogue',
  'Mutation.replayWebhookEvent.id': 'administered',
  'Mutation.returnPlanToFile.id': 'administered',
  'UpdatePlanInput.id': 'administered',
  'UpdateCouponInput.id': 'administered',
};
