import {
  type Catalogue,
  finite,
  type PlanPrice,
  type PlanTerms,
  UNLIMITED,
} from '../../../src/features/catalog/catalog.model.ts';

/** A plan of the file: 100 credits, $29 a month and nothing by the year, unless said otherwise. */
export function aPlan(slug: string, terms: Partial<PlanTerms> = {}): PlanTerms {
  return {
    slug,
    name: `The ${slug} plan`,
    description: null,
    monthlyPrice: usd(2_900n),
    yearlyPrice: null,
    monthlyCredits: finite(100_000_000n),
    rollover: finite(0n),
    limits: [
      { metric: 'apiCalls', allowance: finite(1_000_000_000n), enforcement: 'HARD' },
      { metric: 'llmTokens', allowance: UNLIMITED, enforcement: 'SOFT' },
    ],
    features: ['Fast', 'Kind'],
    maxConcurrentAgents: finite(3_000_000n),
    maxDurationHours: UNLIMITED,
    allowedChannels: null,
    canBuyCreditPackages: true,
    trialDays: 0,
    isDefault: false,
    sortOrder: 1,
    stripeMonthlyPriceId: null,
    stripeYearlyPriceId: null,
    creemProductId: null,
    ...terms,
  };
}

export const FREE = aPlan('free', { monthlyPrice: usd(0n), isDefault: true, sortOrder: 0 });

/** A file with the free default plan and these others. */
export function aCatalogue(
  plans: readonly PlanTerms[],
  packages: Catalogue['credits']['packages'] = [],
): Catalogue {
  return {
    currency: 'USD',
    metrics: [{ name: 'apiCalls', kind: 'COUNTER' }],
    plans: plans.some(({ isDefault }) => isDefault) ? plans : [FREE, ...plans],
    credits: {
      pricePerCreditMicroMinor: 30_000_000n,
      minimum: { amountMinor: 500n, currency: 'USD' },
      maximum: { amountMinor: 100_000n, currency: 'USD' },
      packages,
    },
    lifecycle: { mode: 'FREE', planSlug: null },
    checkIn: { enabled: false, creditsMicro: 0n, streakBonuses: [], expiresAfterDays: null },
  };
}

export function aPackage(slug: string, priceMinor = 1_400n): Catalogue['credits']['packages'][0] {
  return {
    slug,
    name: `Package ${slug}`,
    creditsMicro: 50_000_000n,
    bonusCreditsMicro: 500_000n,
    price: { amountMinor: priceMinor, currency: 'USD' },
    sortOrder: 0,
  };
}

export function usd(amountMinor: bigint): PlanPrice {
  return { kind: 'FINITE', money: { amountMinor, currency: 'USD' } };
}
