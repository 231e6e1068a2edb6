import Stripe from 'stripe';
import { describe, expect, it, vi } from 'vitest';
import { givenReceiver, givenSandbox, WEBHOOK_SECRETS } from './given.ts';

const until = (condition: () => void | Promise<void>) =>
  vi.waitFor(condition, { timeout: 8000, interval: 20 });

describe('webhooks', () => {
  it('are signed with every secret over the exact body', async () => {
    const receiver = await givenReceiver();
    const { stripe, sandbox } = await givenSandbox({ webhookUrl: receiver.url });
    const customer = await stripe.customers.create();
    expect(await sandbox.drain()).toEqual({ undelivered: 0 });

    const [webhook] = receiver.received;
    const verify = (body: string, secret: string) =>
      new Stripe('sk').webhooks.constructEvent(body, webhook?.signature ?? '', secret);

    for (const secret of WEBHOOK_SECRETS) {
      expect(verify(webhook?.body ?? '', secret).data.object).toMatchObject({ id: customer.id });
    }
    expect(() => verify(webhook?.body ?? '', 'whsec_other')).toThrow();
    expect(() => verify(`${webhook?.body} `, WEBHOOK_SECRETS[0] ?? '')).toThrow();
  });

  it('are sent again after a failure or a redirect until they are taken', async () => {
    const receiver = await givenReceiver();
    receiver.answers.push(500, 302);
    const { stripe } = await givenSandbox({ webhookUrl: receiver.url });

    await stripe.customers.create();

    await until(() => expect(receiver.types()).toEqual(['customer.created']));
    expect(receiver.answers).toEqual([]);
    await until(async () => {
      const [event] = (await stripe.events.list()).data;
      expect(event?.pending_webhooks).toBe(0);
    });
  });

  it('wait until they have an address', async () => {
    const receiver = await givenReceiver();
    const { stripe, sandbox } = await givenSandbox();
    await stripe.customers.create();

    sandbox.setWebhookUrl('stripe', receiver.url);

    await until(() => expect(receiver.types()).toEqual(['customer.created']));
  });

  it('are held, and let go in their order', async () => {
    const receiver = await givenReceiver();
    const { stripe, sandbox, control } = await givenSandbox({ webhookUrl: receiver.url });
    const held = await control('POST', 'webhooks', { mode: 'hold' });
    await stripe.customers.create();
    await stripe.products.create({ name: 'Pro' });
    await sandbox.drain();
    const before = receiver.types();

    const released = await control('POST', 'webhooks/release');
    await sandbox.drain();
    await stripe.customers.create();
    await sandbox.drain();

    expect(held.body).toEqual({ mode: 'hold', dropShare: 0, duplicates: 0, shuffle: false });
    expect(before).toEqual([]);
    expect(released.body).toEqual({ released: 2 });
    expect(receiver.types().toSorted()).toEqual([
      'customer.created',
      'customer.created',
      'product.created',
    ]);
  });

  it('arrive twice, in any order, or never, as told', async () => {
    const receiver = await givenReceiver();
    const { stripe, sandbox, control } = await givenSandbox({ webhookUrl: receiver.url });
    await control('POST', 'webhooks', { mode: 'hold', duplicates: 1, shuffle: true });
    for (let index = 0; index < 10; index += 1) await stripe.customers.create();
    const made = (await stripe.events.list({ limit: 100 })).data.map((event) => event.id).reverse();

    await control('POST', 'webhooks/release');
    await sandbox.drain();

    const ids = receiver.received.map(({ event }) => event.id);
    expect(ids).toHaveLength(20);
    expect(new Set(ids)).toEqual(new Set(made));
    expect([...new Set(ids)]).not.toEqual(made);
    await control('POST', 'webhooks', { mode: 'drop' });
    await stripe.customers.create();
    await control('POST', 'webhooks', { dropShare: 1 });
    await stripe.customers.create();
    await sandbox.drain();
    expect(receiver.received).toHaveLength(20);
    expect((await stripe.events.list({ delivery_success: false })).data).toHaveLength(2);
  });

  it('refuse a flow that makes no sense', async () => {
    const { control } = await givenSandbox();

    expect((await control('POST', 'webhooks', { mode: 'sometimes' })).status).toBe(400);
    expect((await control('POST', 'webhooks', { dropShare: 2 })).status).toBe(400);
    expect((await control('POST', 'webhooks', { holdd: true })).status).toBe(400);
  });
});
