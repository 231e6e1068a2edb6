import { describe, expect, it } from 'vitest';
import {
  GOOD_CARD,
  givenCreditsCheckout,
  givenPlan,
  givenPlanCheckout,
  givenReceiver,
  givenSandbox,
} from './given.ts';

describe('customers', () => {
  it('are made, changed and found', async () => {
    const { stripe } = await givenSandbox();
    const ada = await stripe.customers.create({
      email: 'ada@example.com',
      metadata: { a: '1', b: '2' },
    });
    await stripe.customers.create({ email: 'bob@example.com' });

    await stripe.customers.update(ada.id, { name: 'Ada', metadata: { a: '', c: '3' } });

    const [found] = (await stripe.customers.list({ email: 'ada@example.com' })).data;
    expect(found).toMatchObject({ id: ada.id, name: 'Ada', livemode: false });
    expect(found?.metadata).toEqual({ b: '2', c: '3' });
    await expect(stripe.customers.retrieve('cus_no')).rejects.toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
    });
  });

  it('are listed newest first, page by page', async () => {
    const { stripe } = await givenSandbox();
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.unshift((await stripe.customers.create()).id);

    const paged: string[] = [];
    for await (const customer of stripe.customers.list({ limit: 2 })) paged.push(customer.id);
    const back = await stripe.customers.list({ limit: 2, ending_before: ids[3] });

    expect(paged).toEqual(ids);
    expect(back).toMatchObject({ has_more: true, data: [{ id: ids[1] }, { id: ids[2] }] });
    await expect(stripe.customers.list({ limit: 101 })).rejects.toMatchObject({ param: 'limit' });
    await expect(stripe.customers.list({ starting_after: 'cus_no' })).rejects.toMatchObject({
      param: 'starting_after',
    });
  });
});

describe('prices', () => {
  it('are found by their lookup key, which one price has at a time', async () => {
    const { stripe } = await givenSandbox();
    const { product, price } = await givenPlan(stripe);
    const dearer = {
      product: product.id,
      currency: 'usd',
      unit_amount: 4000,
      recurring: { interval: 'month' as const },
      lookup_key: 'pro_month',
    };

    await expect(stripe.prices.create(dearer)).rejects.toMatchObject({ param: 'lookup_key' });
    const next = await stripe.prices.create({ ...dearer, transfer_lookup_key: true });
    await stripe.prices.update(price.id, { active: false });

    const found = await stripe.prices.list({ lookup_keys: ['pro_month', 'other'], active: true });
    expect(found.data.map((each) => each.id)).toEqual([next.id]);
    expect(String(next.unit_amount_decimal)).toBe('4000');
    expect(await stripe.prices.retrieve(price.id)).toMatchObject({
      active: false,
      lookup_key: null,
    });
    const changed = await stripe.products.update(product.id, { name: 'Pro II', active: false });
    expect(changed).toMatchObject({ name: 'Pro II', active: false });
    expect(await stripe.products.retrieve(product.id)).toMatchObject({ name: 'Pro II' });
    expect((await stripe.prices.list({ product: product.id })).data).toHaveLength(2);
  });
});

describe('subscriptions', () => {
  async function givenSubscription(webhookUrl?: string) {
    const given = await givenSandbox(webhookUrl === undefined ? {} : { webhookUrl });
    const { session, url, customer } = await givenPlanCheckout(given.stripe);
    await given.submit(url, { action: 'pay', cardNumber: GOOD_CARD });
    const { subscription } = await given.stripe.checkout.sessions.retrieve(session.id);
    return { ...given, id: String(subscription), customer };
  }

  it('promise to end with their period, take it back, and end then', async () => {
    const receiver = await givenReceiver();
    const { stripe, sandbox, id } = await givenSubscription(receiver.url);

    const promised = await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    const end = promised.items.data[0]?.current_period_end;
    const kept = await stripe.subscriptions.update(id, { cancel_at_period_end: false });
    await stripe.subscriptions.update(id, { cancel_at_period_end: true });
    sandbox.moveClock(new Date((end ?? 0) * 1000));
    await sandbox.drain();

    expect(promised).toMatchObject({
      status: 'active',
      cancel_at_period_end: true,
      cancel_at: end,
    });
    expect(kept).toMatchObject({ cancel_at_period_end: false, cancel_at: null, canceled_at: null });
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({
      status: 'canceled',
      ended_at: end,
    });
    expect(receiver.types()).toContain('customer.subscription.deleted');
  });

  it('can be cancelled now, once', async () => {
    const { stripe, id, customer } = await givenSubscription();

    const ended = await stripe.subscriptions.cancel(id);

    expect(ended).toMatchObject({ status: 'canceled', ended_at: expect.any(Number) });
    await expect(stripe.subscriptions.cancel(id)).rejects.toMatchObject({ statusCode: 400 });
    expect((await stripe.subscriptions.list({ customer: customer.id })).data).toEqual([]);
    const all = await stripe.subscriptions.list({ customer: customer.id, status: 'all' });
    expect(all.data).toHaveLength(1);
  });

  it('say which parameters the sandbox does not act on', async () => {
    const { stripe, id } = await givenSubscription();

    await expect(
      stripe.subscriptions.update(id, { pause_collection: { behavior: 'void' } }),
    ).rejects.toMatchObject({ statusCode: 400, param: 'pause_collection' });
  });
});

describe('refunds', () => {
  it('give back part, then the rest, never more', async () => {
    const receiver = await givenReceiver();
    const { stripe, submit, sandbox } = await givenSandbox({ webhookUrl: receiver.url });
    const { session, url } = await givenCreditsCheckout(stripe);
    await submit(url, { action: 'pay', cardNumber: GOOD_CARD });
    const { payment_intent } = await stripe.checkout.sessions.retrieve(session.id);
    const intent = String(payment_intent);

    const part = await stripe.refunds.create({ payment_intent: intent, amount: 250 });
    await expect(
      stripe.refunds.create({ payment_intent: intent, amount: 1001 }),
    ).rejects.toMatchObject({ statusCode: 400, param: 'amount' });
    const rest = await stripe.refunds.create({ payment_intent: intent });
    await expect(stripe.refunds.create({ payment_intent: intent })).rejects.toMatchObject({
      code: 'charge_already_refunded',
    });

    expect([part.amount, rest.amount]).toEqual([250, 1000]);
    const charge = await stripe.charges.retrieve(String(part.charge), { expand: ['refunds'] });
    expect(charge).toMatchObject({ amount_refunded: 1250, refunded: true });
    expect(charge.refunds?.data).toHaveLength(2);
    expect((await stripe.refunds.list({ payment_intent: intent })).data).toHaveLength(2);
    expect((await stripe.refunds.retrieve(rest.id)).status).toBe('succeeded');
    await sandbox.drain();
    const figures = receiver.received
      .filter(({ event }) => event.type === 'charge.refunded')
      .map(({ event }) => (event.data.object as { amount_refunded?: number }).amount_refunded);
    expect(figures.toSorted()).toEqual([1250, 250]);
    expect(receiver.types()).toEqual(expect.arrayContaining(['refund.created', 'refund.updated']));
  });
});

describe('events', () => {
  it('are listed by type, time and whether they were taken', async () => {
    const receiver = await givenReceiver();
    receiver.answers.push(500);
    const { stripe, control } = await givenSandbox({ webhookUrl: receiver.url });
    await control('POST', 'webhooks', { mode: 'drop' });
    const customer = await stripe.customers.create({ email: 'ada@example.com' });
    await stripe.products.create({ name: 'Pro' });

    const [created] = (await stripe.events.list({ type: 'customer.created' })).data;
    const lost = await stripe.events.list({ delivery_success: false, types: ['customer.created'] });

    expect(created).toMatchObject({
      api_version: '2026-10-28.endive',
      livemode: false,
      pending_webhooks: 1,
      data: { object: { id: customer.id } },
      request: { id: customer.lastResponse.requestId },
    });
    expect(lost.data.map((event) => event.id)).toEqual([created?.id]);
    expect((await stripe.events.list({ delivery_success: true })).data).toEqual([]);
    expect((await stripe.events.list({ type: 'customer.*' as never })).data).toHaveLength(1);
    expect((await stripe.events.list({ created: { gt: created?.created ?? 0 } })).data).toEqual([]);
    expect(await stripe.events.retrieve(created?.id ?? '')).toMatchObject({ id: created?.id });
  });
});
