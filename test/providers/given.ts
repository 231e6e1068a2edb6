import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type {
  CheckoutDiscount,
  CheckoutState,
  NewCreditsCheckout,
  NewPlanCheckout,
  PlanForSale,
  ProviderEvent,
} from '../../src/providers/payment-objects.ts';
import type { PaymentProvider } from '../../src/providers/payment-provider.ts';
import type { ProviderUnderTest } from './provider-under-test.ts';

/** What the tests of a provider begin with. Everything is new each time, so that they do not meet. */
export class Given {
  readonly world: ProviderUnderTest;

  constructor(world: ProviderUnderTest) {
    this.world = world;
  }

  get provider(): PaymentProvider {
    return this.world.provider;
  }

  async planCheckout(): Promise<NewPlanCheckout> {
    const plan = newPlan();
    const { priceIds } = await this.provider.ensurePlanPrices(plan);
    return {
      ...(await this.#checkoutFor()),
      providerPriceId: priceIds[plan.prices[0]?.lookupKey ?? ''] ?? '',
      trialDays: 0,
    };
  }

  async creditsCheckout(): Promise<NewCreditsCheckout> {
    const money = { amountMinor: 1999n, currency: 'USD' };
    return { ...(await this.#checkoutFor()), money, description: '100 credits' };
  }

  /** A discount of so many cents for one page. */
  async discount(amountMinor: bigint): Promise<CheckoutDiscount> {
    const money = { amountMinor, currency: 'USD' };
    const coupon = { couponId: randomUUID(), name: 'SPRING', off: { money } };
    const made = await this.provider.ensureCoupon?.(coupon);
    return { providerCouponId: made?.providerCouponId ?? null, name: coupon.name, money };
  }

  async #checkoutFor() {
    const customer = newCustomer();
    const { customerId } = await this.provider.createCustomer(customer, randomUUID());
    return {
      orderId: randomUUID(),
      accountId: customer.accountId,
      customerId,
      successUrl: 'http://localhost:3000/billing?paid=1',
      cancelUrl: 'http://localhost:3000/billing?cancelled=1',
      expiresAt: new Date(this.world.now().getTime() + 3_600_000),
    };
  }

  async paid(opening: ReturnType<PaymentProvider['createPlanCheckout']>) {
    const page = await opening;
    await this.world.pay(page.url, 'GOOD');
    return { page, outcome: await this.provider.retrieveCheckout(page.checkoutId) };
  }

  /** A customer who has bought a plan of 49.00 by the month. */
  async subscribed(): Promise<{ subscriptionId: string; customerId: string }> {
    const checkout = await this.planCheckout();
    const { outcome } = await this.paid(this.provider.createPlanCheckout(checkout, randomUUID()));
    return { subscriptionId: outcome.subscriptionId ?? '', customerId: checkout.customerId };
  }

  /** The provider's id of a plan's monthly price. */
  async priceOf(plan: PlanForSale): Promise<string> {
    const { priceIds } = await this.provider.ensurePlanPrices(plan);
    return priceIds[plan.prices[0]?.lookupKey ?? ''] ?? '';
  }

  async stateOf(checkoutId: string): Promise<CheckoutState> {
    return (await this.provider.retrieveCheckout(checkoutId)).state;
  }

  async totalOf(providerPriceId: string): Promise<bigint | undefined> {
    const checkout = { ...(await this.#checkoutFor()), providerPriceId, trialDays: 0 };
    const page = await this.provider.createPlanCheckout(checkout, randomUUID());
    return (await this.provider.retrieveCheckout(page.checkoutId)).total?.amountMinor;
  }

  async eventually(assert: (events: readonly ProviderEvent[]) => void): Promise<void> {
    await expect
      .poll(
        () => {
          assert(
            this.world.webhooks.map(({ rawBody, headers }) =>
              this.provider.translateEvent(
                JSON.parse(this.provider.verifyWebhook(rawBody, headers).text),
              ),
            ),
          );
          return true;
        },
        { timeout: 10_000 },
      )
      .toBe(true);
  }
}

export function newCustomer() {
  const accountId = randomUUID();
  return { accountId, name: 'Ada Lovelace', email: `ada-${accountId}@example.com` };
}

export function newPlan(monthlyMinor = 4900n): PlanForSale {
  const planId = randomUUID();
  return {
    planId,
    slug: 'pro',
    name: 'Pro',
    prices: [
      {
        lookupKey: `${planId}_monthly`,
        interval: 'MONTH',
        money: { amountMinor: monthlyMinor, currency: 'USD' },
      },
      {
        lookupKey: `${planId}_yearly`,
        interval: 'YEAR',
        money: { amountMinor: 49_000n, currency: 'USD' },
      },
    ],
  };
}

export function costing(plan: PlanForSale, monthlyMinor: bigint): PlanForSale {
  return {
    ...plan,
    prices: plan.prices.map((price) =>
      price.interval === 'MONTH'
        ? { ...price, money: { ...price.money, amountMinor: monthlyMinor } }
        : price,
    ),
  };
}

export function daysBetween(start: Date | null, end: Date | null): number {
  return ((end?.getTime() ?? Number.NaN) - (start?.getTime() ?? Number.NaN)) / 86_400_000;
}
