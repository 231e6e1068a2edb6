import type { Channel } from '../../platform/money.ts';
import type { PaymentMethod } from './payment-method.model.ts';

/** A payment method as its provider lists it, and the states of the subscriptions that are charged to it. */
export type ListedMethod = Pick<
  PaymentMethod,
  'providerPaymentMethodId' | 'type' | 'brand' | 'last4' | 'expMonth' | 'expYear' | 'isDefault'
> & { readonly pays: readonly string[] };

interface Whose {
  readonly accountId: string;
  readonly channel: Channel;
  readonly now: Date;
  readonly newId: () => string;
}

/** What is to be written when a provider's list is taken over, and which methods are to be told of. */
interface CardChanges {
  readonly methods: readonly PaymentMethod[];
  readonly attached: readonly PaymentMethod[];
}

/**
 * What an account's cards become when its provider lists these: those that are missing are detached, and one that is charged
 * from now on is told of once, unless a subscription in good order is charged to it already.
 */
export function afterListing(
  known: readonly PaymentMethod[],
  listed: readonly ListedMethod[],
  whose: Whose,
): CardChanges {
  const byProviderId = new Map(known.map((method) => [method.providerPaymentMethodId, method]));
  const listedIds = new Set(listed.map((method) => method.providerPaymentMethodId));
  const gone = known
    .filter(
      (method) => method.detachedAt === null && !listedIds.has(method.providerPaymentMethodId),
    )
    .map((method) => ({
      ...method,
      isDefault: false,
      detachedAt: whose.now,
      updatedAt: whose.now,
    }));
  const attached: PaymentMethod[] = [];
  const present = listed.map((method) => {
    const before = byProviderId.get(method.providerPaymentMethodId) ?? null;
    const isNews = method.isDefault && before?.announcedAt == null;
    const merged = merge(before, method, whose, isNews);
    if (isNews && !paysInGoodOrder(method)) attached.push(merged);
    return merged;
  });
  return { methods: [...gone, ...present], attached };
}

function merge(
  before: PaymentMethod | null,
  { pays: _, ...listed }: ListedMethod,
  { accountId, channel, now, newId }: Whose,
  isNews: boolean,
): PaymentMethod {
  return {
    ...listed,
    id: before?.id ?? newId(),
    accountId,
    channel,
    attachedAt: before?.attachedAt ?? now,
    announcedAt: isNews ? now : (before?.announcedAt ?? null),
    detachedAt: null,
    updatedAt: now,
  };
}

function paysInGoodOrder({ pays }: ListedMethod): boolean {
  return pays.some((status) => status === 'ACTIVE' || status === 'TRIALING');
}
