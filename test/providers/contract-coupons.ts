import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AmountTooSmall } from '../../src/providers/payment-errors.ts';
import type { Given } from './given.ts';

const USD = { currency: 'USD' } as const;

/** Coupons: taken off the first payment of a page, exactly. */
export function describeCoupons(given: () => Given): void {
  describe('a coupon', () => {
    it('is the same one however often it is asked for, and another one for another value', async ({
      skip,
    }) => {
      const { provider } = given();
      skip(provider.ensureCoupon === undefined);
      const coupon = { couponId: randomUUID(), name: 'SPRING', off: { percentBasisPoints: 2_500 } };
      const made = await Promise.all([1, 2, 3].map(() => provider.ensureCoupon?.(coupon)));
      expect(new Set(made.map((one) => one?.providerCouponId)).size).toBe(1);
      const larger = { ...coupon, off: { percentBasisPoints: 5_000 } };
      expect(await provider.ensureCoupon?.(larger)).not.toEqual(made[0]);
    });

    it('is taken off what a page for credits asks for, and off what is paid there', async () => {
      const discount = await given().discount(999n);
      const checkout = { ...(await given().creditsCheckout()), discount };
      const opening = given().provider.createCreditsCheckout(checkout, randomUUID());
      const total = { amountMinor: 1_000n, ...USD };
      expect((await opening).total).toEqual(total);

      const { outcome } = await given().paid(opening);

      expect(outcome).toMatchObject({ state: 'PAID', total });
      const { paid } = await given().provider.retrieveReversal(outcome.paymentId ?? '');
      expect(paid).toEqual(total);
    });

    it('is taken off a plan’s first payment, and its invoice says so', async () => {
      const discount = await given().discount(1_633n);
      const checkout = { ...(await given().planCheckout()), discount };
      const opening = given().provider.createPlanCheckout(checkout, randomUUID());
      expect((await opening).total).toEqual({ amountMinor: 3_267n, ...USD });

      const subscriptionId = (await given().paid(opening)).outcome.subscriptionId ?? '';

      expect(await given().provider.listInvoices?.(subscriptionId)).toMatchObject([
        { total: { amountMinor: 3_267n }, amountPaidMinor: 3_267n, discountMinor: 1_633n },
      ]);
      expect(await given().provider.retrieveSubscription(subscriptionId)).toMatchObject({
        status: 'ACTIVE',
        price: { amountMinor: 4_900n },
      });
    });

    it('waits through a trial, which asks for nothing', async () => {
      const discount = await given().discount(900n);
      const checkout = { ...(await given().planCheckout()), trialDays: 14, discount };
      const opening = given().provider.createPlanCheckout(checkout, randomUUID());
      expect((await opening).total).toEqual({ amountMinor: 0n, ...USD });
      const { outcome } = await given().paid(opening);
      expect(outcome).toMatchObject({ state: 'PAID', total: { amountMinor: 0n } });
    });

    it('that leaves too little to charge is refused as such', async () => {
      const discount = await given().discount(1_990n);
      const checkout = { ...(await given().creditsCheckout()), discount };
      const opening = given().provider.createCreditsCheckout(checkout, randomUUID());
      await expect(opening).rejects.toThrow(AmountTooSmall);
    });
  });
}
