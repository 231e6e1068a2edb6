import { describe, expect, it } from 'vitest';
import {
  CANCEL_URL,
  GOOD_CARD,
  givenCreditsCheckout,
  givenReceiver,
  givenSandbox,
} from './given.ts';

const DAY = 86_400;

describe('a checkout of credits', () => {
  it('pays once, however often the button is pressed', async () => {
    const { stripe, submit } = await givenSandbox();
    const { session, url } = await givenCreditsCheckout(stripe);
    const pay = () => submit(url, { action: 'pay', cardNumber: GOOD_CARD });

    const responses = await Promise.all([pay(), pay(), pay()]);

    expect(responses.map((response) => response.status)).toEqual([303, 303, 303]);
    const intents = await stripe.paymentIntents.list();
    expect(intents.data).toMatchObject([
      { amount_received: 1250, status: 'succeeded', metadata: { accountId: 'acc_1' } },
    ]);
    const done = await stripe.checkout.sessions.retrieve(session.id);
    expect(done).toMatchObject({ payment_status: 'paid', payment_intent: intents.data[0]?.id });
    expect(await (await fetch(url)).text()).toContain('All done');
  });

  it.each([
    ['4000000000000002', 'Your card was declined.'],
    ['4000000000009995', 'Your card has insufficient funds.'],
    ['4000000000000341', 'Your card was declined.'],
    ['4242424242424241', 'Your card number is invalid.'],
    ['', 'Your card number is incomplete.'],
    ['4111111111111111', 'used a non test (live) card'],
  ])('shows why the card %s is refused, and can be paid with another', async (cardNumber, why) => {
    const { stripe, submit } = await givenSandbox();
    const { session, url } = await givenCreditsCheckout(stripe);

    const refused = await submit(url, { action: 'pay', cardNumber });

    expect(refused.status).toBe(402);
    expect(await refused.text()).toContain(why);
    expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe('open');
    expect((await submit(url, { action: 'pay', cardNumber: GOOD_CARD })).status).toBe(303);
    const intents = await stripe.paymentIntents.list();
    expect(intents.data).toMatchObject([{ status: 'succeeded', amount_received: 1250 }]);
  });

  it('goes back without paying', async () => {
    const { stripe, submit } = await givenSandbox();
    const { session, url } = await givenCreditsCheckout(stripe);

    const response = await submit(url, { action: 'cancel' });

    expect(response.headers.get('location')).toBe(CANCEL_URL);
    expect((await stripe.checkout.sessions.retrieve(session.id)).status).toBe('open');
  });

  it('escapes what the customer and the product are called', async () => {
    const { stripe, submit } = await givenSandbox();
    const { url } = await givenCreditsCheckout(stripe, {
      line_items: [
        {
          quantity: 1,
          price_data: {
            currency: 'usd',
            unit_amount: 500,
            product_data: { name: '<script>alert(1)</script>' },
          },
        },
      ],
    });

    const page = await (await submit(url, { action: 'pay', cardNumber: '"><i>' })).text();

    expect(page).not.toContain('<script>');
    expect(page).not.toContain('"><i>');
    expect(page).toContain('&lt;script&gt;');
  });

  it.each(['succeed', 'fail'] as const)(
    'is settled later when a bank debit will %s',
    async (outcome) => {
      const receiver = await givenReceiver();
      const { stripe, submit, control, sandbox } = await givenSandbox({ webhookUrl: receiver.url });
      const { session, url } = await givenCreditsCheckout(stripe);

      await submit(url, { action: 'pay_later' });
      const unpaid = await stripe.checkout.sessions.retrieve(session.id);
      const settled = await control('POST', 'payments', { checkout: session.id, outcome });
      const again = await control('POST', 'payments', { checkout: session.id, outcome });
      await sandbox.drain();

      expect(unpaid).toMatchObject({ status: 'complete', payment_status: 'unpaid' });
      expect(settled.status).toBe(200);
      expect(again.status).toBe(400);
      const done = await stripe.checkout.sessions.retrieve(session.id, {
        expand: ['payment_intent'],
      });
      expect(done).toMatchObject(
        outcome === 'succeed'
          ? { payment_status: 'paid', payment_intent: { status: 'succeeded' } }
          : { payment_status: 'unpaid', payment_intent: { status: 'requires_payment_method' } },
      );
      expect(receiver.types()).toContain(
        `checkout.session.async_payment_${outcome === 'succeed' ? 'succeeded' : 'failed'}`,
      );
    },
  );

  it('bills a sale that asked for an invoice', async () => {
    const { stripe, submit } = await givenSandbox();
    const { session, url } = await givenCreditsCheckout(stripe, {
      invoice_creation: { enabled: true },
      payment_intent_data: { setup_future_usage: 'off_session' },
    });
    await submit(url, { action: 'pay', cardNumber: GOOD_CARD });

    const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ['invoice'] });

    expect(done.invoice).toMatchObject({ status: 'paid', parent: null, amount_paid: 1250 });
  });
});

describe('an open checkout', () => {
  it('expires when its time has passed, dated then, and cannot be paid', async () => {
    const receiver = await givenReceiver();
    const { stripe, sandbox, submit } = await givenSandbox({ webhookUrl: receiver.url });
    const { session, url } = await givenCreditsCheckout(stripe);

    expect(sandbox.nextDueAt()).toEqual(new Date(session.expires_at * 1000));
    sandbox.moveClock(new Date(sandbox.now().getTime() + 3 * DAY * 1000));

    expect((await fetch(url)).status).toBe(410);
    expect((await submit(url, { action: 'pay', cardNumber: GOOD_CARD })).status).toBe(410);
    await sandbox.drain();
    const expired = receiver.received.find(
      ({ event }) => event.type === 'checkout.session.expired',
    );
    expect(expired?.event.created).toBe(session.expires_at);
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      status: 'expired',
      url: null,
    });
  });

  it('can be expired once', async () => {
    const { stripe } = await givenSandbox();
    const { session } = await givenCreditsCheckout(stripe);

    expect((await stripe.checkout.sessions.expire(session.id)).status).toBe('expired');
    await expect(stripe.checkout.sessions.expire(session.id)).rejects.toMatchObject({
      statusCode: 400,
    });
    expect((await stripe.checkout.sessions.list({ status: 'open' })).data).toEqual([]);
  });
});
