import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { booksOf, checkout, newKey, sql } from '../../flows/given-purchases.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { CouponsDocument, UpdateCouponDocument } from '../../support/operations.generated.ts';
import { couponNow, givenCoupon, newCode, redeem } from './given-coupons.ts';

const CREATE = 'mutation ($input: CreateCouponInput!) { createCoupon(input: $input) { id } }';
const UPDATE = 'mutation ($input: UpdateCouponInput!) { updateCoupon(input: $input) { id } }';
const LATER = '2100-01-01T00:00:00.000Z';

describe('coupons', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  it('are made with their code in capitals, listed newest first, and known to the provider', async () => {
    const code = newCode();
    const coupon = await givenCoupon(gateway, {
      code: ` ${code.toLowerCase()} `,
      percentOffBasisPoints: 1_250,
      maxRedemptions: 5,
      perAccountLimit: 1,
      expiresAt: LATER,
      planSlugs: ['starter-pro'],
    });
    expect(coupon).toMatchObject({
      code,
      kind: 'PERCENT_OFF',
      percentOffBasisPoints: 1_250,
      amountOff: null,
      credits: null,
      maxRedemptions: 5,
      timesRedeemed: 0,
      perAccountLimit: 1,
      expiresAt: LATER,
      planSlugs: ['starter-pro'],
      isActive: true,
    });
    const second = await givenCoupon(gateway, { kind: 'AMOUNT_OFF', amountOffMinorUnits: 500 });
    expect(second.amountOff).toEqual({ minorUnits: 500, currency: 'USD' });
    const { coupons } = await gateway.admin.request(CouponsDocument, { first: 1 });
    expect(coupons.nodes.map(({ id }) => id)).toEqual([second.id]);
    expect(coupons.totalCount).toBeGreaterThanOrEqual(2);
    const { coupons: rest } = await gateway.admin.request(CouponsDocument, {
      first: 1,
      after: coupons.pageInfo.endCursor,
    });
    expect(rest.nodes[0]?.id).toBe(coupon.id);

    await gateway.settled();
    const { coupon: known = [] } = (await booksOf(gateway)) as unknown as {
      coupon?: { id: string }[];
    };
    expect(known).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ percent_off: 12.5, duration: 'once', name: code }),
        expect.objectContaining({ amount_off: 500, currency: 'usd', duration: 'once' }),
      ]),
    );
  });

  it.each([
    ['code', { code: 'a b' }],
    ['code', { code: '' }],
    ['code', { code: 'X'.repeat(65) }],
    ['percentOffBasisPoints', { percentOffBasisPoints: undefined }],
    ['percentOffBasisPoints', { percentOffBasisPoints: 0 }],
    ['percentOffBasisPoints', { percentOffBasisPoints: 10_001 }],
    ['amountOffMinorUnits', { amountOffMinorUnits: 5 }],
    ['amountOffMinorUnits', { kind: 'AMOUNT_OFF', percentOffBasisPoints: undefined }],
    [
      'amountOffMinorUnits',
      { kind: 'AMOUNT_OFF', percentOffBasisPoints: undefined, amountOffMinorUnits: 0 },
    ],
    ['currency', { currency: 'USD' }],
    ['credits', { kind: 'CREDITS', percentOffBasisPoints: undefined, credits: '0' }],
    ['credits', { kind: 'CREDITS', percentOffBasisPoints: undefined }],
    ['maxRedemptions', { maxRedemptions: 0 }],
    ['perAccountLimit', { perAccountLimit: -1 }],
    ['expiresAt', { expiresAt: '2020-01-01T00:00:00Z' }],
    ['planSlugs', { planSlugs: ['no-such-plan'] }],
  ])('are refused when %s is wrong: %j', async (field, wrong) => {
    const input = { code: newCode(), kind: 'PERCENT_OFF', percentOffBasisPoints: 1_000, ...wrong };
    const { errors } = await gateway.admin.post({ query: CREATE, variables: { input } });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(errors[0]?.message).toMatch(new RegExp(`^${field} `));
  });

  it('have one code each, in whatever case, also when two are made at once', async () => {
    const code = newCode();
    const answers = await Promise.all(
      [code, code.toLowerCase()].map((typed) =>
        gateway.admin.post({
          query: CREATE,
          variables: { input: { code: typed, kind: 'CREDITS', credits: '1' } },
        }),
      ),
    );
    const messages = answers.flatMap(({ errors }) => errors.map(({ message }) => message));
    expect(messages).toEqual([`code is taken: there is a coupon "${code}" already.`]);
  });

  it('change their limits, lose them by null, and keep what is not named', async () => {
    const { id } = await givenCoupon(gateway, { maxRedemptions: 3, perAccountLimit: 2 });
    const update = (input: object) =>
      gateway.admin.request(UpdateCouponDocument, { input: { id, ...input } });
    expect((await update({ isActive: false })).updateCoupon).toMatchObject({
      isActive: false,
      maxRedemptions: 3,
      perAccountLimit: 2,
    });
    expect(
      (await update({ maxRedemptions: null, planSlugs: ['starter-pro'] })).updateCoupon,
    ).toMatchObject({
      isActive: false,
      maxRedemptions: null,
      perAccountLimit: 2,
      planSlugs: ['starter-pro'],
    });
  });

  it('cannot be limited below what is promised already', async () => {
    const coupon = await givenCoupon(gateway, { maxRedemptions: 3 });
    for (const account of [await gateway.createAccount(), await gateway.createAccount()])
      await checkout(account, { couponCode: coupon.code });
    const input = { id: coupon.id, maxRedemptions: 1 };
    const { errors } = await gateway.admin.post({ query: UPDATE, variables: { input } });
    expect(errors[0]?.message).toBe(
      'maxRedemptions must be at least 2: so many are redeemed, or reserved on open pages.',
    );
    await expect(
      sql(gateway, 'update coupon set max_redemptions = 1 where id = $1', [coupon.id]),
    ).rejects.toMatchObject({ constraint: 'coupon_within_limit' });
  });

  it('are for administrators to see and make', async () => {
    const account = await gateway.createAccount();
    const made = { code: newCode(), kind: 'CREDITS', credits: '1' };
    for (const [query, input] of [
      ['{ coupons { totalCount } }', {}],
      [CREATE, made],
      [UPDATE, { id: newKey() }],
    ] as const) {
      const { errors } = await account.client.post({ query, variables: { input } });
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    }
    const input = { id: '00000000-0000-7000-8000-000000000000' };
    const { errors } = await gateway.admin.post({ query: UPDATE, variables: { input } });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['NOT_FOUND']);
  });
});

describe('a coupon of credits', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  it('gives exactly its credits, once per key, by a code in any case', async () => {
    const { id, code } = await givenCoupon(gateway, { kind: 'CREDITS', credits: '12.345678' });
    const account = await gateway.createAccount({ credits: '1' });
    const key = newKey();
    const first = await redeem(account, code.toLowerCase(), key);
    expect(first).toMatchObject({
      __typename: 'RedeemCouponPayload',
      transaction: {
        type: 'GRANT',
        amount: '12.345678',
        description: `Coupon ${code}.`,
        idempotencyKey: key,
        allocations: [{ grant: { source: 'COUPON', expiresAt: null } }],
      },
      balance: { available: '13.345678' },
    });
    expect(await redeem(account, ` ${code} `, key)).toEqual(first);
    expect(await redeem(account, newCode(), key)).toMatchObject({
      __typename: 'IdempotencyConflict',
    });
    expect((await couponNow(gateway.admin, id))?.timesRedeemed).toBe(1);
  });

  it('is given once for a key that comes twenty times at once', async () => {
    const { id, code } = await givenCoupon(gateway, { kind: 'CREDITS', credits: '5' });
    const account = await gateway.createAccount({ credits: '0' });
    const key = newKey();
    const answers = await Promise.all(Array.from({ length: 20 }, () => redeem(account, code, key)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ balance: { available: '5' } });
    expect((await couponNow(gateway.admin, id))?.timesRedeemed).toBe(1);
  });

  it.each([
    ['EXPIRED', `update coupon set expires_at = now() - interval '1 second' where code = $1`],
    ['INACTIVE', 'update coupon set is_active = false where code = $1'],
    ['WRONG_PLAN', `update coupon set plan_slugs = '{starter-pro}' where code = $1`],
    ['EXHAUSTED', 'update coupon set max_redemptions = 0 where code = $1'],
  ])('is refused as %s', async (reason, change) => {
    const { code } = await givenCoupon(gateway, { kind: 'CREDITS', credits: '5' });
    await sql(gateway, change, [code]);
    const account = await gateway.createAccount();
    expect(await redeem(account, code)).toMatchObject({
      __typename: 'CouponNotApplicable',
      code: 'COUPON_NOT_APPLICABLE',
      reason,
      message: expect.stringContaining(code),
    });
  });

  it('is refused when unknown, used by the account, of another kind, or for a blocked account', async () => {
    const account = await gateway.createAccount();
    for (const code of ['NEVER-MADE', '', 'half \ud800 a character', 'X'.repeat(10_000)])
      expect(await redeem(account, code)).toMatchObject({ reason: 'UNKNOWN' });
    const { code } = await givenCoupon(gateway, {
      kind: 'CREDITS',
      credits: '5',
      perAccountLimit: 1,
    });
    expect(await redeem(account, code)).toMatchObject({ __typename: 'RedeemCouponPayload' });
    expect(await redeem(account, code)).toMatchObject({
      reason: 'ALREADY_USED',
      message: `The account has used the coupon "${code}" already.`,
    });
    const percent = await givenCoupon(gateway);
    expect(await redeem(account, percent.code)).toMatchObject({ reason: 'WRONG_KIND' });
    expect(await checkout(account, { couponCode: code })).toMatchObject({ reason: 'WRONG_KIND' });
    await sql(gateway, `update account set status = 'DELETED', blocked_at = now() where id = $1`, [
      account.id,
    ]);
    expect(await redeem(account, code)).toMatchObject({ __typename: 'AccountBlocked' });
  });
});
