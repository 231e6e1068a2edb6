import { z } from 'zod';
import {
  type Enforcement,
  finite,
  type MetricKind,
  type PlanLimit,
  UNLIMITED,
} from '../features/catalog/catalog.model.ts';
import {
  allowance,
  credits,
  currencyCode,
  flag,
  listOf,
  money,
  named,
  optional,
  planPrice,
  section,
  slug,
  text,
  unitPrice,
  wholeAllowance,
  wholeNumber,
  word,
} from './catalogue-fields.ts';
import type { Currency } from './currency.ts';

/** The catalogue file field by field, its money in `currency`. What fields mean together is checked afterwards. */
export function catalogueSchema(currency: Currency) {
  return section({
    currency: currencyCode(),
    metrics: named(
      word<MetricKind>({ counter: 'COUNTER', level: 'LEVEL' }),
      'one such as { "apiCalls": "counter" }',
    ),
    plans: listOf(planSchema(currency), 'a list of plans'),
    credits: creditsSchema(currency),
    lifecycle: lifecycleSchema(),
    checkIn: optional(checkInSchema(), NO_CHECK_IN),
  });
}

export type CatalogueDraft = z.output<ReturnType<typeof catalogueSchema>>;
export type PlanDraft = CatalogueDraft['plans'][number];

const NOTHING = finite(0n);
const NO_CHECK_IN = {
  enabled: false,
  credits: 0n,
  streakBonuses: [] as { days: number; credits: bigint }[],
  expiresAfterDays: null,
};
const LONGEST_DAYS = 3650;

function planSchema(currency: Currency) {
  const price = () => optional(planPrice(currency), null);
  return section({
    slug: slug(),
    name: text(100),
    description: optional(text(1000), null),
    monthly: price(),
    yearly: price(),
    monthlyCredits: optional(allowance(), NOTHING),
    rollover: optional(allowance({ none: NOTHING, all: UNLIMITED }), NOTHING),
    limits: optional(named(limitSchema(), 'one such as { "apiCalls": 1000 }'), {}),
    features: optional(listOf(text(200), 'a list of texts'), []),
    maxConcurrentAgents: optional(wholeAllowance(), UNLIMITED),
    maxDurationHours: optional(allowance(), UNLIMITED),
    allowedChannels: optional(listOf(text(100), 'a list of texts'), null),
    canBuyCreditPackages: optional(flag(), true),
    trialDays: optional(wholeNumber('a number of days', 0, 730), 0),
    default: optional(flag(), false),
    stripe: optional(
      section({
        monthlyPriceId: optional(text(255), null),
        yearlyPriceId: optional(text(255), null),
      }),
      { monthlyPriceId: null, yearlyPriceId: null },
    ),
    creem: optional(section({ productId: optional(text(255), null) }), { productId: null }),
  });
}

/** `{ limit, enforcement }`, or the limit alone for a hard one. */
function limitSchema() {
  const whole = section({
    limit: wholeAllowance(),
    enforcement: optional(word<Enforcement>({ hard: 'HARD', soft: 'SOFT' }), 'HARD'),
  }).transform(({ limit, enforcement }) => ({ allowance: limit, enforcement }));
  const short = wholeAllowance().transform(
    (limit): Omit<PlanLimit, 'metric'> => ({ allowance: limit, enforcement: 'HARD' }),
  );
  return eitherObjectOr(whole, short);
}

/** A union that decides by the value's kind first, so that its mistakes are those of one member. */
function eitherObjectOr<Value>(whole: z.ZodType<Value>, short: z.ZodType<Value>) {
  return z.unknown().transform((input, context): Value => {
    const schema = typeof input === 'object' && input !== null ? whole : short;
    const result = schema.safeParse(input);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      context.issues.push({ ...issue, input } as z.core.$ZodRawIssue);
    }
    return z.NEVER;
  });
}

function creditsSchema(currency: Currency) {
  return section({
    pricePerCredit: unitPrice(currency),
    minimum: money(currency),
    maximum: money(currency),
    packages: optional(
      listOf(
        section({
          slug: optional(slug(), null),
          id: optional(slug(), null),
          name: text(100),
          credits: credits(),
          bonusCredits: optional(credits(), 0n),
          price: money(currency),
        }),
        'a list of packages',
      ),
      [],
    ),
  });
}

function lifecycleSchema() {
  return section({
    mode: optional(word<'TRIAL' | 'FREE'>({ trial: 'TRIAL', free: 'FREE' }), 'TRIAL'),
    plan: optional(slug(), null),
    trial: optional(
      section({
        days: optional(wholeNumber('a number of days', 1, LONGEST_DAYS), 30),
        metric: text(64),
        limit: wholeNumber('a limit', 1, 1_000_000_000_000),
      }),
      null,
    ),
    graceDays: optional(wholeNumber('a number of days', 0, LONGEST_DAYS), 30),
    promotionMonths: optional(wholeNumber('a number of months', 1, 120), 3),
  });
}

function checkInSchema() {
  return section({
    enabled: optional(flag(), true),
    credits: credits(),
    streakBonuses: optional(
      listOf(
        section({ days: wholeNumber('a number of days', 1, LONGEST_DAYS), credits: credits() }),
        'a list such as [{ "days": 7, "credits": 5 }]',
      ),
      [],
    ),
    expiresAfterDays: optional(wholeNumber('a number of days', 1, LONGEST_DAYS), null),
  });
}
