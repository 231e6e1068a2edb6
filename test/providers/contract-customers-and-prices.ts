import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { costing, type Given, newCustomer, newPlan } from './given.ts';

/** Customers and prices: made once, whatever happens on the way. */
export function describeCustomersAndPrices(given: () => Given): void {
  describe('a customer', () => {
    it('is made once for one key', async () => {
      const key = randomUUID();
      const ada = newCustomer();

      const first = await given().provider.createCustomer(ada, key);

      expect(await given().provider.createCustomer(ada, key)).toEqual(first);
      expect(await given().provider.createCustomer(newCustomer(), randomUUID())).not.toEqual(first);
    });

    it('is made once by several at the same time', async () => {
      const key = randomUUID();
      const ada = newCustomer();

      const all = await Promise.all([1, 2, 3].map(() => given().provider.createCustomer(ada, key)));

      expect(new Set(all.map(({ customerId }) => customerId)).size).toBe(1);
    });

    it('is made once when the answer is lost on the way', async () => {
      const key = randomUUID();
      const ada = newCustomer();
      await given().world.breakDown({ effect: 'truncate', of: 'CREATE', times: 1, after: true });

      const first = await given().provider.createCustomer(ada, key);

      expect(await given().provider.createCustomer(ada, key)).toEqual(first);
    });

    it('is the same one after an unknown outcome', async () => {
      const key = randomUUID();
      const ada = newCustomer();
      const before = await given().world.count('customer');
      await given().world.breakDown({ effect: 'hang', of: 'CREATE', times: 1, after: true });

      await expect(given().provider.createCustomer(ada, key)).rejects.toMatchObject({
        code: 'PROVIDER_UNAVAILABLE',
      });
      const first = await given().provider.createCustomer(ada, key);

      expect(await given().provider.createCustomer(ada, key)).toEqual(first);
      expect(await given().world.count('customer')).toBe(before + 1);
    });
  });

  describe("a plan's prices", () => {
    it('are made once and found again', async () => {
      const plan = newPlan();

      const made = await given().provider.ensurePlanPrices(plan);

      expect(Object.keys(made.priceIds).sort()).toEqual(plan.prices.map((p) => p.lookupKey).sort());
      expect(await given().provider.ensurePlanPrices(plan)).toEqual(made);
    });

    it('are made once when every other answer is lost', async () => {
      const plan = newPlan();
      const before = await given().world.count('price');
      await given().world.breakDown({ effect: 'truncate', of: 'CREATE', times: 1, after: true });

      const made = await given().provider.ensurePlanPrices(plan);

      expect(await given().provider.ensurePlanPrices(plan)).toEqual(made);
      expect(await given().world.count('price')).toBe(before + plan.prices.length);
    });

    it('are made once by two at the same time', async () => {
      const plan = newPlan();

      const both = await Promise.all([
        given().provider.ensurePlanPrices(plan),
        given().provider.ensurePlanPrices(plan),
      ]);

      expect(both[0]).toEqual(both[1]);
      expect(await given().provider.ensurePlanPrices(plan)).toEqual(both[0]);
    });

    it('are replaced when they cost something else, there and back', async () => {
      const plan = newPlan();
      const [monthly = '', yearly = ''] = plan.prices.map(({ lookupKey }) => lookupKey);

      const before = await given().provider.ensurePlanPrices(plan);
      const dearer = await given().provider.ensurePlanPrices(costing(plan, 5900n));
      const after = await given().provider.ensurePlanPrices(plan);

      expect(dearer.priceIds[monthly]).not.toBe(before.priceIds[monthly]);
      expect(dearer.priceIds[yearly]).toBe(before.priceIds[yearly]);
      expect(dearer.productId).toBe(before.productId);
      expect(await given().totalOf(dearer.priceIds[monthly] ?? '')).toBe(5900n);
      expect(await given().totalOf(after.priceIds[monthly] ?? '')).toBe(4900n);
    });

    it('follow a new name of the plan', async () => {
      const plan = newPlan();
      const made = await given().provider.ensurePlanPrices(plan);

      expect(await given().provider.ensurePlanPrices({ ...plan, name: 'Pro, renamed' })).toEqual(
        made,
      );
    });
  });
}
