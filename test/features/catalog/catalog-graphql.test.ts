import { graphql } from 'graphql';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../../src/features/account/caller.model.ts';
import { CUSTOM } from '../../../src/features/catalog/catalog.model.ts';
import { CatalogResolver } from '../../../src/features/catalog/catalog.resolver.ts';
import type { CatalogService } from '../../../src/features/catalog/catalog.service.ts';
import { buildGraphSchema, resolverMap } from '../../../src/graphql/schema.ts';
import type { Channel } from '../../../src/platform/money.ts';
import { givenDatabase } from './given-catalog-service.ts';
import { aCatalogue, aPackage, aPlan, usd } from './given-catalogue.ts';

const { start } = givenDatabase();

const ANYBODY: Caller = { kind: 'anonymous' };
const ADMIN: Caller = { kind: 'admin', keyId: 'key' };
const MASTER: Caller = { kind: 'master', keyId: 'key', accountId: 'account' };

let catalog: CatalogService;

beforeEach(async () => {
  ({ catalog } = await start());
  const pro = aPlan('pro', {
    yearlyPrice: { kind: 'CUSTOM' },
    maxConcurrentAgents: CUSTOM,
    stripeMonthlyPriceId: 'price_1',
    creemProductId: 'prod_1',
  });
  await catalog.sync(aCatalogue([pro, aPlan('old', { sortOrder: 2 })], [aPackage('small')]));
  await catalog.sync(aCatalogue([pro], [aPackage('small')]));
});

async function ask(caller: Caller, source: string) {
  const publishable = new Map<Channel, { publishableKey: string | null }>([
    ['STRIPE', { publishableKey: 'pk_test_1' }],
  ]);
  const resolvers = resolverMap([new CatalogResolver(catalog, publishable)]);
  const schema = await buildGraphSchema(resolvers);
  const contextValue = { caller, requestId: 'request', resolvers };
  const { data, errors } = await graphql({ schema, source, contextValue });
  const code = (errors?.[0]?.originalError as { code?: string } | undefined)?.code;
  return { data: data && JSON.parse(JSON.stringify(data)), code, errors };
}

describe('plans', () => {
  it('shows anybody what is sold, with every field', async () => {
    const { data, errors } = await ask(
      ANYBODY,
      `{ plans {
        slug name description isActive isDefault sortOrder trialDays canBuyCreditPackages allowedChannels features
        monthlyPrice { kind interval money { minorUnits currency } channels }
        yearlyPrice { kind interval money { minorUnits } channels }
        monthlyCredits { kind value } rollover { kind value }
        limits { metric enforcement allowance { kind value } }
        maxConcurrentAgents { kind value } maxDurationHours { kind value }
      } }`,
    );

    expect(errors).toBeUndefined();
    expect(data.plans[0]).toMatchObject({
      slug: 'free',
      isDefault: true,
      monthlyPrice: { money: { minorUnits: 0, currency: 'USD' }, channels: [] },
      yearlyPrice: null,
    });
    expect(data.plans.slice(1)).toEqual([
      {
        slug: 'pro',
        name: 'The pro plan',
        description: null,
        isActive: true,
        isDefault: false,
        sortOrder: 1,
        trialDays: 0,
        canBuyCreditPackages: true,
        allowedChannels: null,
        features: ['Fast', 'Kind'],
        monthlyPrice: {
          kind: 'FINITE',
          interval: 'MONTH',
          money: { minorUnits: 2900, currency: 'USD' },
          channels: ['STRIPE', 'CREEM'],
        },
        yearlyPrice: { kind: 'CUSTOM', interval: 'YEAR', money: null, channels: [] },
        monthlyCredits: { kind: 'FINITE', value: '100' },
        rollover: { kind: 'FINITE', value: '0' },
        limits: [
          {
            metric: 'apiCalls',
            enforcement: 'HARD',
            allowance: { kind: 'FINITE', value: '1000' },
          },
          {
            metric: 'llmTokens',
            enforcement: 'SOFT',
            allowance: { kind: 'UNLIMITED', value: null },
          },
        ],
        maxConcurrentAgents: { kind: 'CUSTOM', value: null },
        maxDurationHours: { kind: 'UNLIMITED', value: null },
      },
    ]);
  });

  it('shows administrators alone what is no longer sold', async () => {
    const query = '{ plans(includeInactive: true) { slug isActive } }';

    expect((await ask(ADMIN, query)).data.plans).toContainEqual({ slug: 'old', isActive: false });
    expect((await ask(MASTER, query)).code).toBe('FORBIDDEN');
    expect((await ask(ANYBODY, query)).code).toBe('UNAUTHENTICATED');
  });

  it.each(['false', 'null'])('needs no key for includeInactive: %s', async (value) => {
    const { data } = await ask(ANYBODY, `{ plans(includeInactive: ${value}) { slug } }`);
    expect(data.plans).toEqual([{ slug: 'free' }, { slug: 'pro' }]);
  });

  it("shows providers' ids to administrators alone", async () => {
    const query =
      '{ plan(slug: "pro") { stripeMonthlyPriceId stripeYearlyPriceId creemProductId } }';
    const hidden = { stripeMonthlyPriceId: null, stripeYearlyPriceId: null, creemProductId: null };

    expect((await ask(ADMIN, query)).data.plan).toEqual({
      stripeMonthlyPriceId: 'price_1',
      stripeYearlyPriceId: null,
      creemProductId: 'prod_1',
    });
    expect((await ask(MASTER, query)).data.plan).toEqual(hidden);
    expect((await ask(ANYBODY, query)).data.plan).toEqual(hidden);
  });
});

describe('plan', () => {
  it('is null for an unknown slug, and for one that is no longer sold unless an administrator asks', async () => {
    const old = '{ plan(slug: "old") { slug } }';

    expect((await ask(ANYBODY, '{ plan(slug: "none") { slug } }')).data).toEqual({ plan: null });
    expect((await ask(MASTER, old)).data).toEqual({ plan: null });
    expect((await ask(ADMIN, old)).data).toEqual({ plan: { slug: 'old' } });
  });

  it('shows the price that is offered now', async () => {
    await catalog.sync(aCatalogue([aPlan('pro', { monthlyPrice: usd(3_900n) })]));
    const { data } = await ask(
      ANYBODY,
      '{ plan(slug: "pro") { monthlyPrice { money { minorUnits } } yearlyPrice { id } } }',
    );
    expect(data.plan).toEqual({ monthlyPrice: { money: { minorUnits: 3900 } }, yearlyPrice: null });
  });
});

describe('creditPackages', () => {
  it('shows anybody the packages that are sold', async () => {
    const { data } = await ask(
      ANYBODY,
      '{ creditPackages { name credits bonusCredits price { minorUnits currency } } }',
    );
    expect(data.creditPackages).toEqual([
      {
        name: 'Package small',
        credits: '50',
        bonusCredits: '0.5',
        price: { minorUnits: 1400, currency: 'USD' },
      },
    ]);
  });
});

describe('publishableKey', () => {
  it("is Stripe's unless a channel is named, and null for one that is not set up", async () => {
    const { data } = await ask(
      ANYBODY,
      '{ key: publishableKey stripe: publishableKey(channel: STRIPE) creem: publishableKey(channel: CREEM) }',
    );
    expect(data).toEqual({ key: 'pk_test_1', stripe: 'pk_test_1', creem: null });
  });
});
