import { describe, expect, it } from 'vitest';
import {
  changed,
  mistakesOfText,
  type Path,
  read,
  shippedText,
  smallCatalogue,
} from './support.ts';

const SLUG = 'lower-case letters and digits with single hyphens between, such as "starter-pro"';
const PRICE = 'give a number such as 29 or 29.99, or "custom".';

/** What is put where, and the one line that it is refused with, after `config.json: `. */
// biome-ignore format: a table is read by its rows.
const WRONG: readonly [path: Path, value: unknown, line: string][] = [
  [['currency'], undefined, 'currency: is missing; give an ISO 4217 code in upper case, such as "USD".'],
  [['currency'], 'usd', 'currency: "usd" is not a currency; give an ISO 4217 code in upper case, such as "USD".'],
  [['currency'], 'ZZZ', 'currency: "ZZZ" is not a currency; give an ISO 4217 code in upper case, such as "USD".'],
  [['curency'], 'USD', 'curency: is not a setting; did you mean "currency"?'],
  [['colour'], 'red', 'colour: is not a setting; use one of currency, metrics, plans, credits, lifecycle, checkIn.'],
  [['metrics'], ['actions'], 'metrics: a list is not an object; give one such as { "apiCalls": "counter" }.'],
  [['metrics', 'actions'], 'conter', 'metrics.actions: "conter" is not known; did you mean "counter"?'],
  [['metrics', 'actions'], 7, 'metrics.actions: 7 is not one of the known words; give "counter" or "level".'],
  [['metrics', 'api calls'], 'counter', 'metrics["api calls"]: is not the name of a metric; begin with a letter; then letters, digits, ".", "_" and "-"; at most 64.'],
  [['plans'], {}, 'plans: an object is not a list; give a list of plans.'],
  [['plans', 1], 'pro', 'plans[1]: "pro" is not an object; give one such as { … }.'],
  [['plans', 1, 'slug'], 'Pro Plan', `plans[1].slug: "Pro Plan" is not a slug; give ${SLUG}.`],
  [['plans', 1, 'slug'], 'pro--plus', `plans[1].slug: "pro--plus" is not a slug; give ${SLUG}.`],
  [['plans', 1, 'name'], '  ', 'plans[1].name: is empty; give a text of 1 to 100 characters.'],
  [['plans', 1, 'name'], 'x'.repeat(101), 'plans[1].name: is too long; give a text of 1 to 100 characters.'],
  [['plans', 1, 'montly'], 24, 'plans[1].montly: is not a setting; did you mean "monthly"?'],
  [['plans', 1, 'monthly'], 'abc', `plans[1].monthly: "abc" is not an amount; ${PRICE}`],
  [['plans', 1, 'monthly'], '24', `plans[1].monthly: "24" is not an amount; ${PRICE}`],
  [['plans', 1, 'monthly'], 'unlimited', `plans[1].monthly: "unlimited" is not an amount; ${PRICE}`],
  [['plans', 1, 'monthly'], -1, 'plans[1].monthly: -1 is below 0; give 0 or more.'],
  [['plans', 1, 'monthly'], 24.999, 'plans[1].monthly: 24.999 has more digits behind the point than the 2 of USD.'],
  [['plans', 1, 'monthly'], 1e16, 'plans[1].monthly: 10000000000000000 is too large.'],
  [['plans', 1, 'yearly'], true, `plans[1].yearly: true is not an amount; ${PRICE}`],
  [['plans', 1, 'monthlyCredits'], 0.0000001, 'plans[1].monthlyCredits: 1e-7 has more than 6 digits behind the point.'],
  [['plans', 1, 'monthlyCredits'], 'lots', 'plans[1].monthlyCredits: "lots" is not an amount; give a number such as 100, or "unlimited" or "custom".'],
  [['plans', 1, 'rollover'], 'some', 'plans[1].rollover: "some" is not an amount; give a number such as 100, or "none" or "all".'],
  [['plans', 1, 'rollover'], 'custom', 'plans[1].rollover: "custom" is not an amount; give a number such as 100, or "none" or "all".'],
  [['plans', 1, 'limits'], [], 'plans[1].limits: a list is not an object; give one such as { "apiCalls": 1000 }.'],
  [['plans', 1, 'limits', 'action'], 5, 'plans[1].limits.action: there is no metric "action" in "metrics"; did you mean "actions"?'],
  [['plans', 1, 'limits', 'actions'], 1.5, 'plans[1].limits.actions: 1.5 is not a limit; give a whole number such as 1000, or "unlimited" or "custom".'],
  [['plans', 1, 'limits', 'actions', 'limit'], -5, 'plans[1].limits.actions.limit: -5 is below 0; give 0 or more.'],
  [['plans', 1, 'limits', 'actions'], { limit: 5, enforcement: 'HARD' }, 'plans[1].limits.actions.enforcement: "HARD" is not known; did you mean "hard"?'],
  [['plans', 1, 'limits', 'actions'], { limit: 5, enforcment: 'hard' }, 'plans[1].limits.actions.enforcment: is not a setting; did you mean "enforcement"?'],
  [['plans', 1, 'features'], 'agents', 'plans[1].features: "agents" is not a list; give a list of texts.'],
  [['plans', 1, 'features'], ['a', 3], 'plans[1].features[1]: 3 is not a text; give a text of 1 to 200 characters.'],
  [['plans', 1, 'maxConcurrentAgents'], 2.5, 'plans[1].maxConcurrentAgents: 2.5 is not a limit; give a whole number such as 1000, or "unlimited" or "custom".'],
  [['plans', 1, 'canBuyCreditPackages'], 'yes', 'plans[1].canBuyCreditPackages: "yes" is not true or false; give true or false, without quotes.'],
  [['plans', 1, 'trialDays'], 1.5, 'plans[1].trialDays: 1.5 is not a number of days; give a whole number from 0 to 730.'],
  [['plans', 1, 'stripe'], { priceId: 'price_1' }, 'plans[1].stripe.priceId: is not a setting; use one of monthlyPriceId, yearlyPriceId.'],
  [['plans', 1, 'stripe'], { yearlyPriceId: 'price_1' }, 'plans[1].stripe.yearlyPriceId: is given, but the plan has no yearly price; give "yearly" an amount or leave the id out.'],
  [['plans', 2], { slug: 'pro', name: 'Other' }, 'plans[2].slug: "pro" is taken by plans[1].slug; give another.'],
  [['plans', 0, 'default'], false, 'plans: no plan has "default": true; mark the free plan that new accounts start on.'],
  [['plans', 0, 'monthly'], 5, 'plans[0].default: the default plan must be free; set "monthly" to 0 and leave "yearly" out.'],
  [['plans', 0, 'monthly'], null, 'plans[0].default: the default plan must be free; set "monthly" to 0 and leave "yearly" out.'],
  [['plans', 0, 'yearly'], 50, 'plans[0].default: the default plan must be free; set "monthly" to 0 and leave "yearly" out.'],
  [['credits'], undefined, 'credits: is missing; give one such as { … }.'],
  [['credits', 'pricePerCredit'], 0, 'credits.pricePerCredit: 0 is not a price; give a number above 0, such as 0.25.'],
  [['credits', 'pricePerCredit'], 1e-9, 'credits.pricePerCredit: 1e-9 has more than 8 digits behind the point.'],
  [['credits', 'minimum'], 501, 'credits.minimum: is above credits.maximum; make it that or less.'],
  [['credits', 'minimum'], 0, 'credits.minimum: is 0; give the smallest amount that may be paid at once.'],
  [['credits', 'maximum'], 'unlimited', 'credits.maximum: "unlimited" is not an amount; give a number such as 29 or 29.99.'],
  [['credits', 'packages', 0, 'slug'], undefined, 'credits.packages[0]: give the package either a "slug" or an "id".'],
  [['credits', 'packages', 0, 'credits'], 0, 'credits.packages[0].credits: is 0; give what the package holds.'],
  [['credits', 'packages', 0, 'credits'], 'custom', 'credits.packages[0].credits: "custom" is not an amount of credits; give a number such as 100 or 2.5.'],
  [['credits', 'packages', 0, 'price'], 0, 'credits.packages[0].price: is 0; give what it costs.'],
  [['credits', 'packages', 1], { id: 'small', name: 'S', credits: 1, price: 1 }, 'credits.packages[1].slug: "small" is taken by credits.packages[0].slug; give another.'],
  [['lifecycle', 'mode'], 'trail', 'lifecycle.mode: "trail" is not known; did you mean "trial"?'],
  [['lifecycle', 'plan'], undefined, 'lifecycle.plan: is missing; give the slug of the plan that the trial leads to.'],
  [['lifecycle', 'plan'], 'prod', 'lifecycle.plan: there is no plan "prod"; did you mean "pro"?'],
  [['lifecycle', 'plan'], 'free', 'lifecycle.plan: "free" has no such price; name one that costs a fixed amount above 0 each month.'],
  [['plans', 1, 'monthly'], 'custom', 'lifecycle.plan: "pro" has no such price; name one that costs a fixed amount above 0 each month.'],
  [['lifecycle', 'trial'], undefined, 'lifecycle.trial: is missing; give one such as { "days": 30, "metric": "actions", "limit": 1000 }.'],
  [['lifecycle', 'trial', 'metric'], 'clicks', 'lifecycle.trial.metric: there is no metric "clicks" in "metrics"; use one of actions, storage.'],
  [['lifecycle', 'trial', 'limit'], 0, 'lifecycle.trial.limit: 0 is not a limit; give a whole number from 1 to 1000000000000.'],
  [['lifecycle', 'graceDays'], '30', 'lifecycle.graceDays: "30" is not a number of days; give a whole number from 0 to 3650.'],
  [['checkIn', 'credits'], 0, 'checkIn.credits: is 0; give more, or set "enabled" to false.'],
  [['checkIn', 'streakBonuses', 1], { days: 7, credits: 5 }, 'checkIn.streakBonuses[1].days: 7 is taken by checkIn.streakBonuses[0].days; give another.'],
  [['checkIn', 'streakBonuses', 0, 'credits'], 0, 'checkIn.streakBonuses[0].credits: is 0; give more, or leave the bonus out.'],
  [['checkIn', 'expiresAfterDays'], 0, 'checkIn.expiresAfterDays: 0 is not a number of days; give a whole number from 1 to 3650.'],
];

describe('a wrong catalogue', () => {
  it.each(WRONG)('is refused when %j is %j', (path, value, line) => {
    const text = JSON.stringify(changed(path, value));

    expect(mistakesOfText(text)).toEqual([`config.json: ${line}`]);
  });

  it('is refused when it is no object at all', () => {
    expect(mistakesOfText('[]')).toEqual([
      'config.json: a list is not an object; give one such as { … }.',
    ]);
  });

  it('tells all its mistakes at once', () => {
    const document = changed(['plans', 1, 'monthly'], 'abc');
    Object.assign(document, { currency: 'usd', colour: 1, shape: 2 });

    expect(mistakesOfText(JSON.stringify(document))).toHaveLength(4);
  });

  it('is refused when two plans are the default', () => {
    const document = changed(['plans', 1, 'default'], true);

    expect(mistakesOfText(JSON.stringify(document))).toEqual([
      'config.json: plans[1].default: plans[0] is the default plan already; keep one.',
      'config.json: plans[1].default: the default plan must be free; set "monthly" to 0 and leave "yearly" out.',
    ]);
  });

  it('is refused when two plans share a price of the provider', () => {
    const document = changed(['plans', 1, 'stripe'], { monthlyPriceId: 'price_1' });
    Object.assign((document.plans as object[])[0] ?? {}, { stripe: { monthlyPriceId: 'price_1' } });

    expect(mistakesOfText(JSON.stringify(document))).toEqual([
      'config.json: plans[1].stripe.monthlyPriceId: "price_1" is taken by plans[0].stripe.monthlyPriceId; give another.',
    ]);
  });

  it('is refused when an amount has a fraction that its currency has not', () => {
    const document = changed(['plans', 1, 'monthly'], 2400.5);
    Object.assign(document, { currency: 'JPY' });

    expect(mistakesOfText(JSON.stringify(document))).toEqual([
      'config.json: plans[1].monthly: 2400.5 has digits behind the point; JPY has none.',
    ]);
  });

  it('cannot hide a setting behind the name __proto__', () => {
    const text = JSON.stringify(smallCatalogue()).replace('{', '{"__proto__":{},');

    expect(mistakesOfText(text)).toHaveLength(1);
  });
});

describe('a right catalogue', () => {
  it('is the one that is shipped', () => {
    expect(mistakesOfText(shippedText())).toEqual([]);
    const catalogue = read(JSON.parse(shippedText()));

    expect(catalogue.plans.map((plan) => plan.slug)).toEqual([
      'free',
      'pro',
      'starter-pro',
      'scale',
      'max',
    ]);
    expect(catalogue.plans[2]).toMatchObject({
      monthlyPrice: { kind: 'FINITE', money: { amountMinor: 2900n, currency: 'USD' } },
      monthlyCredits: { kind: 'FINITE', value: 100_000_000n },
    });
    expect(catalogue.lifecycle).toEqual({
      mode: 'TRIAL',
      planSlug: 'pro',
      trial: { days: 30, metric: 'actions', limit: { kind: 'FINITE', value: 1_000_000_000n } },
      graceDays: 30,
      promotionMonths: 3,
    });
  });

  it('may leave out what has a default', () => {
    expect(read(smallCatalogue()).plans[1]).toEqual({
      slug: 'pro',
      name: 'Pro',
      description: null,
      monthlyPrice: { kind: 'FINITE', money: { amountMinor: 2400n, currency: 'USD' } },
      yearlyPrice: null,
      monthlyCredits: { kind: 'FINITE', value: 80_000_000n },
      rollover: { kind: 'FINITE', value: 0n },
      limits: [],
      features: [],
      maxConcurrentAgents: { kind: 'UNLIMITED' },
      maxDurationHours: { kind: 'UNLIMITED' },
      allowedChannels: null,
      canBuyCreditPackages: true,
      trialDays: 0,
      isDefault: false,
      sortOrder: 1,
      stripeMonthlyPriceId: null,
      stripeYearlyPriceId: null,
      creemProductId: null,
    });
  });

  it('may write null wherever it may leave something out', () => {
    const document = changed(['plans', 1, 'limits'], null);
    Object.assign(document, { checkIn: null });

    expect(read(document).checkIn).toEqual({
      enabled: false,
      creditsMicro: 0n,
      streakBonuses: [],
      expiresAfterDays: null,
    });
  });

  it('may word a hard limit by its number alone', () => {
    const document = changed(['plans', 1, 'limits'], {
      actions: 1000,
      storage: { limit: 'unlimited', enforcement: 'soft' },
    });

    expect(read(document).plans[1]?.limits).toEqual([
      {
        metric: 'actions',
        allowance: { kind: 'FINITE', value: 1_000_000_000n },
        enforcement: 'HARD',
      },
      { metric: 'storage', allowance: { kind: 'UNLIMITED' }, enforcement: 'SOFT' },
    ]);
  });

  it.each([
    ['none', { kind: 'FINITE', value: 0n }],
    ['all', { kind: 'UNLIMITED' }],
    [12.5, { kind: 'FINITE', value: 12_500_000n }],
  ])('rolls over %j', (written, meant) => {
    expect(read(changed(['plans', 1, 'rollover'], written)).plans[1]?.rollover).toEqual(meant);
  });

  it.each([
    ['USD', 29.99, 2999n],
    ['JPY', 2900, 2900n],
    ['KWD', 9.125, 9125n],
  ])('counts money in the minor unit of %s', (currency, written, amountMinor) => {
    const document = changed(['plans', 1, 'monthly'], written);
    Object.assign(document, { currency });

    expect(read(document).plans[1]?.monthlyPrice).toEqual({
      kind: 'FINITE',
      money: { amountMinor, currency },
    });
  });

  it('needs neither plan nor trial in free mode', () => {
    expect(read(changed(['lifecycle'], { mode: 'free' })).lifecycle).toEqual({
      mode: 'FREE',
      planSlug: null,
    });
  });

  it('may call a package by an id', () => {
    const item = { id: 'small', name: 'Small', credits: 10, price: 3 };

    expect(read(changed(['credits', 'packages'], [item])).credits.packages[0]?.slug).toBe('small');
  });

  it('orders streak bonuses by days', () => {
    const bonuses = [
      { days: 30, credits: 9 },
      { days: 7, credits: 3 },
    ];
    const { checkIn } = read(changed(['checkIn', 'streakBonuses'], bonuses));

    expect(checkIn.streakBonuses.map(({ days }) => days)).toEqual([7, 30]);
  });
});
