import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { booksOf, checkout, pageOf, pay } from '../../flows/given-purchases.ts';
import { startGateway, type TestAccount, type TestGateway } from '../../support/gateway.ts';
import {
  AdministeredPlanDocument,
  CreatePlanDocument,
  type CreatePlanInput,
  OverviewDocument,
  ReturnPlanToFileDocument,
  UpdatePlanDocument,
  type UpdatePlanInput,
  UsagePeriodDocument,
} from '../../support/operations.generated.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const CREDITS = { kind: 'FINITE', value: '300' } as const;
const create = (input: Partial<CreatePlanInput> & { slug: string }, client = gateway.admin) =>
  client.send(CreatePlanDocument, { input: { name: 'A plan', monthlyCredits: CREDITS, ...input } });
const created = async (input: Partial<CreatePlanInput> & { slug: string }) => {
  const { data, errors } = await create(input);
  if (!data) throw new Error(JSON.stringify(errors));
  return data.createPlan;
};
const update = (input: UpdatePlanInput) => gateway.admin.send(UpdatePlanDocument, { input });
const planOf = async (slug: string) => {
  const { plan } = await gateway.admin.request(AdministeredPlanDocument, { slug });
  if (!plan) throw new Error(`no plan ${slug}`);
  return plan;
};
const refusalOf = async (answer: ReturnType<typeof create> | ReturnType<typeof update>) => {
  const { errors } = await answer;
  return `${errors[0]?.extensions.code}: ${errors[0]?.message}`;
};
/** What a second process makes of the same database and the same file. */
const restarted = async () => {
  await using other = await startGateway({ database: gateway.database });
  await other.settled();
};
const apiCallsOf = async ({ client }: TestAccount) => {
  const { account } = await client.request(UsagePeriodDocument);
  const counter = account?.usagePeriod.counters.find(({ metric }) => metric === 'apiCalls');
  return counter?.limit.value;
};

describe('a plan that an administrator makes', () => {
  it('is sold at prices that are made at the provider, and survives a restart', async () => {
    const plan = await created({
      slug: 'agency',
      description: 'For agencies.',
      monthlyPriceMinorUnits: 7_900,
      yearlyPriceMinorUnits: 79_000,
      limits: [{ metric: 'apiCalls', allowance: { kind: 'UNLIMITED' }, enforcement: 'SOFT' }],
      features: ['Everything'],
    });
    expect(plan).toMatchObject({
      managedBy: 'ADMINISTRATOR',
      isActive: true,
      isDefault: false,
      sortOrder: 5,
      monthlyPrice: { kind: 'FINITE', money: { minorUnits: 7_900, currency: 'USD' } },
      monthlyCredits: { kind: 'FINITE', value: '300' },
      rollover: { kind: 'FINITE', value: '0' },
    });
    await gateway.settled();
    await restarted();
    const sold = await planOf('agency');
    expect(sold).toMatchObject({
      ...plan,
      stripeMonthlyPriceId: expect.any(String),
      stripeYearlyPriceId: expect.any(String),
    });
    const { price } = await booksOf(gateway);
    expect(price.find(({ id }) => id === sold.stripeYearlyPriceId)).toMatchObject({
      lookup_key: 'tollgate_agency_year',
      unit_amount: 79_000,
    });

    const buyer = await gateway.createAccount();
    await pay(pageOf(await checkout(buyer, { planSlug: 'agency' })).checkoutUrl);
    await gateway.settled();
    const { account } = await buyer.client.request(OverviewDocument);
    expect(account).toMatchObject({
      plan: { slug: 'agency' },
      subscription: { monthlyCredits: { value: '300' }, price: { minorUnits: 7_900 } },
      creditBalance: { available: '300' },
    });
  });

  it('is made once when two make it at once', async () => {
    const answers = await Promise.all([create({ slug: 'twice' }), create({ slug: 'twice' })]);
    expect(answers.map(({ errors }) => errors[0]?.message ?? 'made').sort()).toEqual([
      'made',
      'slug "twice" is taken by another plan.',
    ]);
  });

  it.each<[Partial<CreatePlanInput>, string]>([
    [{ slug: 'Not A Slug' }, 'slug must be lower-case letters and digits with single hyphens.'],
    [{ slug: 'free' }, 'slug "free" is taken by another plan.'],
    [{ name: ' ' }, 'name must not be empty.'],
    [{ name: 'a\0' }, 'name contains a NUL character.'],
    [{ name: 'n'.repeat(101) }, 'name is too long: at most 100 characters.'],
    [{ monthlyPriceMinorUnits: -1 }, 'monthlyPriceMinorUnits must be from 0 to 99999999.'],
    [{ currency: 'EUR' }, 'currency is of a price: give the amounts in it too.'],
    [
      { customPrice: true, monthlyPriceMinorUnits: 1 },
      'customPrice and amounts exclude each other: give one.',
    ],
    [{ monthlyCredits: { kind: 'FINITE' } }, 'monthlyCredits is FINITE: give its value.'],
    [
      { monthlyCredits: { kind: 'UNLIMITED', value: '1' } },
      'monthlyCredits is UNLIMITED: it has no value.',
    ],
    [{ monthlyCredits: { kind: 'FINITE', value: '-1' } }, 'monthlyCredits must not be negative.'],
    [
      { rollover: { kind: 'CUSTOM' } },
      'rollover is FINITE or UNLIMITED: how much lives on is no deal.',
    ],
    [
      { maxConcurrentAgents: { kind: 'FINITE', value: '1.5' } },
      'maxConcurrentAgents must be a whole number.',
    ],
    [{ trialDays: 731 }, 'trialDays must be from 0 to 730.'],
    [
      { limits: [{ metric: 'x', allowance: { kind: 'UNLIMITED' }, enforcement: 'HARD' }] },
      'limits "x" is not in the catalogue; there are apiCalls, llmTokens, storage, actions.',
    ],
    [
      {
        limits: Array(2).fill({
          metric: 'storage',
          allowance: { kind: 'UNLIMITED' },
          enforcement: 'HARD',
        }),
      },
      'limits name storage twice.',
    ],
    [
      { stripeYearlyPriceId: 'price_1' },
      'stripeYearlyPriceId is of a price that the plan has not.',
    ],
  ])('of %j is refused', async (input, message) => {
    expect(await refusalOf(create({ slug: 'refused', ...input }))).toBe(
      `BAD_USER_INPUT: ${message}`,
    );
  });

  it('takes no provider’s id from another price', async () => {
    await created({
      slug: 'first',
      monthlyPriceMinorUnits: 500,
      stripeMonthlyPriceId: 'price_own',
    });
    const second = { slug: 'second', monthlyPriceMinorUnits: 500 };
    expect(await refusalOf(create({ ...second, stripeMonthlyPriceId: 'price_own' }))).toBe(
      'BAD_USER_INPUT: stripeMonthlyPriceId is that of another price, of "first".',
    );
    const { id } = await planOf('first');
    const dearer = { id, monthlyPriceMinorUnits: 900, stripeMonthlyPriceId: 'price_own' };
    expect(await refusalOf(update(dearer))).toContain('is that of another price, of "first".');
    expect((await update({ ...dearer, monthlyPriceMinorUnits: 500 })).errors).toEqual([]);
  });
});

describe('a plan that an administrator changes', () => {
  it('leaves what was sold as it was until the next period', async () => {
    const buyer = await gateway.createAccount();
    await pay(pageOf(await checkout(buyer, { planSlug: 'starter-pro' })).checkoutUrl);
    await gateway.settled();
    const { id, monthlyPrice, limits } = await planOf('starter-pro');
    const { data } = await update({
      id,
      monthlyPriceMinorUnits: 3_500,
      monthlyCredits: { kind: 'FINITE', value: '1' },
      limits: [
        { metric: 'apiCalls', allowance: { kind: 'FINITE', value: '7' }, enforcement: 'HARD' },
      ],
    });
    expect(data?.updatePlan).toMatchObject({
      managedBy: 'ADMINISTRATOR',
      name: 'Starter Pro',
      yearlyPrice: { money: { minorUnits: 29_000 } },
      monthlyPrice: { money: { minorUnits: 3_500 } },
    });
    expect(data?.updatePlan.monthlyPrice?.id).not.toBe(monthlyPrice?.id);
    expect(limits.find(({ metric }) => metric === 'apiCalls')?.allowance.value).toBe('100000');

    const sold = { monthlyCredits: { value: '100' }, price: { minorUnits: 2_900 } };
    const { account } = await buyer.client.request(OverviewDocument);
    expect(account?.subscription).toMatchObject(sold);
    expect(await apiCallsOf(buyer)).toBe('100000');
    const later = new Date(Date.now() + 32 * 86_400_000).toISOString();
    await gateway.admin.query(`mutation { advanceClock(to: "${later}") }`);
    const { account: renewed } = await buyer.client.request(OverviewDocument);
    expect(renewed?.subscription).toMatchObject(sold);
    expect(renewed?.creditBalance.available).toBe('100');
    expect(await apiCallsOf(buyer)).toBe('7');

    const next = await gateway.createAccount();
    await pay(pageOf(await checkout(next, { planSlug: 'starter-pro' })).checkoutUrl);
    await gateway.settled();
    const { account: dearer } = await next.client.request(OverviewDocument);
    expect(dearer?.subscription).toMatchObject({
      monthlyCredits: { value: '1' },
      price: { minorUnits: 3_500 },
    });
  });

  it('is no longer the file’s, until it is given back', async () => {
    const { id, name } = await planOf('scale');
    await update({ id, name: 'Scale, renamed', monthlyPriceMinorUnits: null });
    await restarted();
    expect(await planOf('scale')).toMatchObject({ name: 'Scale, renamed', monthlyPrice: null });
    const { returnPlanToFile: back } = await gateway.admin.request(ReturnPlanToFileDocument, {
      id,
    });
    expect(back).toMatchObject({
      name,
      managedBy: 'FILE',
      monthlyPrice: { money: { minorUnits: 9_900 } },
    });
    const own = await created({ slug: 'made-here' });
    const { returnPlanToFile: gone } = await gateway.admin.request(ReturnPlanToFileDocument, {
      id: own.id,
    });
    expect(gone).toMatchObject({ managedBy: 'FILE', isActive: false });
  });

  it('keeps both changes when two administrators change it at once', async () => {
    const { id } = await created({ slug: 'shared', monthlyPriceMinorUnits: 100 });
    await Promise.all([update({ id, trialDays: 9 }), update({ id, features: ['Both'] })]);
    expect(await planOf('shared')).toMatchObject({ trialDays: 9, features: ['Both'] });
  });

  it('stays what the catalogue leans on', async () => {
    const { id: free } = await planOf('free');
    const { id: pro } = await planOf('pro');
    const needsFree = 'new accounts start on this plan: it must be sold, and free.';
    const needsPaid =
      'accounts are led to this plan: it must be sold, for a fixed amount above 0 each month.';
    for (const [input, why] of [
      [{ id: free, isActive: false }, needsFree],
      [{ id: free, monthlyPriceMinorUnits: 1 }, needsFree],
      [{ id: pro, isActive: false }, needsPaid],
      [{ id: pro, customPrice: true }, needsPaid],
      [{ id: pro, monthlyPriceMinorUnits: 0 }, needsPaid],
    ] as const)
      expect(await refusalOf(update(input))).toContain(why);
    expect((await update({ id: free, monthlyCredits: CREDITS })).errors).toEqual([]);
    const newcomer = await gateway.createAccount();
    const { account } = await newcomer.client.request(OverviewDocument);
    expect(account?.creditBalance.available).toBe('300');
  });

  it('that does not exist is not found, and nothing is no change', async () => {
    for (const id of ['nonsense', '019a0000-0000-7000-8000-000000000000'])
      expect(await refusalOf(update({ id, name: 'x' }))).toBe('NOT_FOUND: Plan not found.');
    const { id } = await planOf('max');
    expect(await refusalOf(update({ id }))).toBe('BAD_USER_INPUT: input names nothing to change.');
    expect((await planOf('max')).managedBy).toBe('FILE');
  });

  it('is told of to nobody else: who decides, and the providers’ ids', async () => {
    const { plan } = await gateway.as(null).request(AdministeredPlanDocument, { slug: 'agency' });
    expect(plan).toMatchObject({ managedBy: null, stripeMonthlyPriceId: null });
  });
});
