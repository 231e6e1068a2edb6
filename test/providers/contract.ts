import { afterAll, beforeAll, describe } from 'vitest';
import { describeCancelling } from './contract-cancelling.ts';
import { describeChanging } from './contract-changing.ts';
import { describeCheckouts } from './contract-checkouts.ts';
import { describeCoupons } from './contract-coupons.ts';
import { describeCustomersAndPrices } from './contract-customers-and-prices.ts';
import { describeFailures } from './contract-failures.ts';
import { describeWebhooks } from './contract-webhooks.ts';
import { Given } from './given.ts';
import type { ProviderUnderTest } from './provider-under-test.ts';

/** What every adapter promises the port, said once for all of them and run against a provider that really answers. */
export function describeProviderContract(
  name: string,
  setup: () => Promise<ProviderUnderTest>,
): void {
  describe(`${name} as a payment provider`, () => {
    let present: Given | undefined;
    const given = (): Given => {
      if (present === undefined) throw new Error('The provider is not set up yet.');
      return present;
    };
    beforeAll(async () => {
      present = new Given(await setup());
    });
    afterAll(() => present?.world[Symbol.asyncDispose]());

    describeCustomersAndPrices(given);
    describeCheckouts(given);
    describeCoupons(given);
    describeCancelling(given);
    describeChanging(given);
    describeFailures(given);
    describeWebhooks(given);
  });
}
