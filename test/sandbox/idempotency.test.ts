import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { givenSandbox, stripeAt } from './given.ts';

const ADA = { email: 'ada@example.com' };

describe('an idempotency key', () => {
  it('gives the first answer again and makes no second object', async () => {
    const { stripe } = await givenSandbox();

    const first = await stripe.customers.create(ADA, { idempotencyKey: 'k1' });
    const second = await stripe.customers.create(ADA, { idempotencyKey: 'k1' });

    expect(second.id).toBe(first.id);
    expect(second.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect((await stripe.customers.list()).data).toHaveLength(1);
  });

  it('makes one object of requests that arrive together', async () => {
    const { stripe } = await givenSandbox();

    const made = await Promise.all(
      Array.from({ length: 8 }, () => stripe.customers.create(ADA, { idempotencyKey: 'k1' })),
    );

    expect(new Set(made.map((customer) => customer.id)).size).toBe(1);
  });

  it('is refused for other parameters and for another endpoint', async () => {
    const { stripe } = await givenSandbox();
    await stripe.customers.create(ADA, { idempotencyKey: 'k1' });

    const other = stripe.customers.create({ email: 'bob@example.com' }, { idempotencyKey: 'k1' });
    const elsewhere = stripe.products.create({ name: 'x' }, { idempotencyKey: 'k1' });

    await expect(other).rejects.toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
    await expect(elsewhere).rejects.toMatchObject({ type: 'StripeIdempotencyError' });
  });

  it('is not used up by wrong parameters, but by a refusal', async () => {
    const { stripe } = await givenSandbox();
    const wrong = { nonsense: 1 } as never;
    await expect(stripe.customers.create(wrong, { idempotencyKey: 'k1' })).rejects.toThrow();
    const refused = () => stripe.refunds.create({ charge: 'ch_no' }, { idempotencyKey: 'k2' });
    await expect(refused()).rejects.toMatchObject({ code: 'resource_missing' });

    const made = await stripe.customers.create(ADA, { idempotencyKey: 'k1' });

    expect(made.id).toMatch(/^cus_/);
    await expect(refused()).rejects.toMatchObject({
      code: 'resource_missing',
      headers: { 'idempotent-replayed': 'true' },
    });
  });

  it('is a new request after a day', async () => {
    const { stripe, sandbox } = await givenSandbox();
    const first = await stripe.customers.create(ADA, { idempotencyKey: 'k1' });

    sandbox.moveClock(new Date(sandbox.now().getTime() + 25 * 3_600_000));

    const second = await stripe.customers.create(ADA, { idempotencyKey: 'k1' });
    expect(second.id).not.toBe(first.id);
  });

  it('is remembered by the next start', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const booksFile = join(folder, 'books.sqlite');
    const before = await givenSandbox({ booksFile });
    const first = await before.stripe.customers.create(ADA, { idempotencyKey: 'k1' });
    await before.sandbox.close();

    const after = await givenSandbox({ booksFile });
    const second = await stripeAt(after.sandbox.url).customers.create(ADA, {
      idempotencyKey: 'k1',
    });

    expect(second.id).toBe(first.id);
    expect(await after.stripe.customers.retrieve(first.id)).toMatchObject(ADA);
  });
});
