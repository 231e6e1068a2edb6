import { describe, expect, it } from 'vitest';
import { GOOD_CARD, givenPlanCheckout, givenReceiver, givenSandbox, SUCCESS_URL } from './given.ts';

const DAY = 86_400;

describe('a checkout of a plan', () => {
  it('starts a subscription, pays its invoice and goes to the success URL', async () => {
    const { stripe, submit } = await givenSandbox();
    const { session, url, customer, price } = await givenPlanCheckout(stripe);

    const response = await submit(url, { action: 'pay', cardNumber: GOOD_CARD });

    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe(
      SUCCESS_URL.replace('{CHECKOUT_SESSION_ID}', session.id),
    );
    const done = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ['subscription', 'invoice.payments', 'line_items'],
    });
    expect(done).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      url: null,
      customer: customer.id,
      client_reference_id: 'ord_1',
      metadata: { orderId: 'ord_1' },
      amount_total: 3000,
      currency: 'usd',
      customer_details: { email: 'ada@example.com' },
      subscription: {
        status: 'active',
        metadata: { accountId: 'acc_1' },
        items: { data: [{ price: { id: price.id }, quantity: 1 }] },
      },
      invoice: {
        status: 'paid',
        billing_reason: 'subscription_create',
        amount_paid: 3000,
        number: expect.stringMatching(/-0001$/),
        lines: { data: [{ amount: 3000, pricing: { price_details: { price: price.id } } }] },
        payments: { data: [{ status: 'paid', amount_paid: 3000 }] },
      },
      line_items: { data: [{ description: 'Pro', amount_total: 3000 }] },
    });
  });

  it('has periods on the item and on the invoice’s line, and links that open', async () => {
    const { stripe, submit } = await givenSandbox({
      clockOffsetMs: Date.parse('2027-01-31T10:00:00Z') - Date.now(),
    });
    const { session, url } = await givenPlanCheckout(stripe);
    await submit(url, { action: 'pay', cardNumber: GOOD_CARD });

    const { subscription } = await stripe.checkout.sessions.retrieve(session.id);
    const [invoice] = (await stripe.invoices.list({ subscription: String(subscription) })).data;
    const item = (await stripe.subscriptions.retrieve(String(subscription))).items.data[0];

    expect(new Date((item?.current_period_end ?? 0) * 1000).toISOString()).toMatch(
      /^2027-02-28T10:00/,
    );
    expect(invoice?.lines.data[0]?.period).toEqual({
      start: item?.current_period_start,
      end: item?.current_period_end,
    });
    expect(invoice?.parent?.subscription_details?.subscription).toBe(subscription);
    const page = await (await fetch(invoice?.hosted_invoice_url ?? '')).text();
    expect(page).toContain('$30.00');
    const pdf = await (await fetch(invoice?.invoice_pdf ?? '')).text();
    expect(pdf).toMatch(/^%PDF-1\.4[\s\S]*\$30\.00[\s\S]*%%EOF\n$/);
  });

  it('lets the payment be found from the invoice, and the card on the customer', async () => {
    const { stripe, submit } = await givenSandbox();
    const { session, url, customer } = await givenPlanCheckout(stripe);
    await submit(url, { action: 'pay', cardNumber: GOOD_CARD });

    const { invoice } = await stripe.checkout.sessions.retrieve(session.id);
    const [payment] = (await stripe.invoicePayments.list({ invoice: String(invoice) })).data;
    const intentId = String(payment?.payment.payment_intent);
    const intent = await stripe.paymentIntents.retrieve(intentId, { expand: ['latest_charge'] });
    const byIntent = await stripe.invoicePayments.list({
      payment: { type: 'payment_intent', payment_intent: intentId },
    });
    const cards = await stripe.customers.listPaymentMethods(customer.id, { type: 'card' });

    expect(intent).toMatchObject({
      status: 'succeeded',
      amount_received: 3000,
      latest_charge: { paid: true, payment_method_details: { card: { last4: '4242' } } },
    });
    expect(byIntent.data.map((found) => found.invoice)).toEqual([invoice]);
    expect(cards.data).toMatchObject([{ id: intent.payment_method, card: { brand: 'visa' } }]);
    expect(await stripe.paymentMethods.retrieve(String(intent.payment_method))).toMatchObject({
      customer: customer.id,
    });
    expect((await stripe.paymentIntents.list({ customer: customer.id })).data).toHaveLength(1);
  });

  it('begins a trial with an invoice of nothing', async () => {
    const { stripe, submit } = await givenSandbox();
    const { session, url } = await givenPlanCheckout(stripe, {
      subscription_data: { trial_period_days: 14 },
    });

    expect(await (await fetch(url)).text()).toContain('14 days free');
    await submit(url, { action: 'pay', cardNumber: GOOD_CARD });

    const done = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ['subscription', 'invoice'],
    });
    expect(done).toMatchObject({
      payment_status: 'no_payment_required',
      amount_total: 0,
      subscription: { status: 'trialing' },
      invoice: { status: 'paid', amount_paid: 0, billing_reason: 'subscription_create' },
    });
    const { subscription } = done;
    const trial = typeof subscription === 'object' ? subscription : null;
    expect((trial?.trial_end ?? 0) - (trial?.trial_start ?? 0)).toBe(14 * DAY);
    expect(trial?.items.data[0]?.current_period_end).toBe(trial?.trial_end);
    expect((await stripe.paymentIntents.list()).data).toEqual([]);
  });

  it('takes the card that later fails for a trial, and refuses it for a payment', async () => {
    const { stripe, submit } = await givenSandbox();
    const trial = await givenPlanCheckout(stripe, { subscription_data: { trial_period_days: 7 } });
    const paid = await stripe.checkout.sessions.create({
      mode: 'subscription',
      customer: trial.customer.id,
      line_items: [{ price: trial.price.id, quantity: 1 }],
      success_url: SUCCESS_URL,
    });
    const card = { action: 'pay', cardNumber: '4000000000000341' };

    expect((await submit(trial.url, card)).status).toBe(303);
    expect((await submit(paid.url ?? '', card)).status).toBe(402);
    expect((await stripe.checkout.sessions.retrieve(paid.id)).status).toBe('open');
    const cards = await stripe.customers.listPaymentMethods(trial.customer.id);
    expect(cards.data).toMatchObject([{ card: { last4: '0341' } }]);
  });

  it('makes the customer that was not given, from the address on the page', async () => {
    const { stripe, submit } = await givenSandbox();
    const { session, url } = await givenPlanCheckout(stripe, { customer: undefined });

    const refused = await submit(url, { action: 'pay', cardNumber: GOOD_CARD, email: 'nobody' });
    await submit(url, { action: 'pay', cardNumber: GOOD_CARD, email: 'eve@example.com' });

    expect(refused.status).toBe(400);
    const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ['customer'] });
    expect(done.customer).toMatchObject({ email: 'eve@example.com' });
  });

  it('announces what Stripe announces', async () => {
    const receiver = await givenReceiver();
    const { stripe, submit, sandbox } = await givenSandbox({ webhookUrl: receiver.url });
    const { url } = await givenPlanCheckout(stripe);
    await sandbox.drain();
    receiver.received.length = 0;

    await submit(url, { action: 'pay', cardNumber: GOOD_CARD });
    await sandbox.drain();

    expect(receiver.types().toSorted()).toEqual(
      [
        'payment_method.attached',
        'invoice.created',
        'invoice.finalized',
        'customer.subscription.created',
        'payment_intent.created',
        'charge.succeeded',
        'payment_intent.succeeded',
        'invoice.updated',
        'invoice.paid',
        'invoice.payment_succeeded',
        'invoice_payment.paid',
        'customer.subscription.updated',
        'checkout.session.completed',
      ].toSorted(),
    );
  });
});

describe('a subscription by bank debit', () => {
  it('is active meanwhile and past due when the money does not come', async () => {
    const { stripe, submit, control } = await givenSandbox();
    const { session, url } = await givenPlanCheckout(stripe);
    await submit(url, { action: 'pay_later' });
    const open = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ['subscription', 'invoice'],
    });

    await control('POST', 'payments', { checkout: session.id, outcome: 'fail' });

    expect(open).toMatchObject({
      payment_status: 'unpaid',
      subscription: { status: 'active' },
      invoice: { status: 'open', amount_remaining: 3000 },
    });
    const late = await stripe.checkout.sessions.retrieve(session.id, { expand: ['subscription'] });
    expect(late.subscription).toMatchObject({ status: 'past_due' });
  });
});
