import type { FastifyInstance, FastifyReply } from 'fastify';
import type Stripe from 'stripe';
import { messagePage, sendPage } from '../page.ts';
import { readCard } from '../test-cards.ts';
import { priceChange } from './change-price.ts';
import { methodOf } from './charge-invoice.ts';
import { attach, createCard, payerOf, setDefault } from './payment-methods.ts';
import { openPortal } from './portal-sessions.ts';
import { confirmView, type PortalNews, type PortalView, portalView } from './portal-view.ts';
import { StripeProblem } from './stripe-problem.ts';
import { equals, idOf, type StripeWorld } from './stripe-world.ts';
import { updateSubscription } from './subscriptions.ts';

type Session = Stripe.BillingPortal.Session;
interface Request {
  Params: { secret: string };
}

/** The portal in which a customer cancels, resumes, changes the card and sees invoices: forms that work without scripts. */
export function registerPortalPage(app: FastifyInstance, world: StripeWorld): void {
  app.get<Request>('/portal/:secret', (request, reply) => {
    const session = openPortal(world, request.params.secret);
    return session === undefined
      ? sendClosed(reply)
      : sendPage(reply, 200, show(world, session, {}));
  });
  app.post<Request>('/portal/:secret', (request, reply) => {
    const session = openPortal(world, request.params.secret);
    if (session === undefined) return sendClosed(reply);
    const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '');
    try {
      const refused = world.act(null, () => submit(world, session, form));
      if (refused !== null) return sendPage(reply, 402, show(world, session, refused));
    } catch (error) {
      if (!(error instanceof StripeProblem)) throw error;
      return sendPage(reply, error.status, show(world, session, { problem: error.message }));
    }
    return reply.redirect(nextPage(session, form.get('action')), 303);
  });
}

/** Does what a button says; answers why not, or null. */
function submit(world: StripeWorld, session: Session, form: URLSearchParams): PortalNews | null {
  const action = form.get('action');
  const subscription = subscriptionOf(world, session.customer);
  if (action === 'card') return changeCard(world, session, form.get('cardNumber') ?? '');
  if (action === 'back') return null;
  if (subscription === undefined) return { problem: 'There is no subscription.' };
  switch (action) {
    case 'cancel':
      updateSubscription(world, subscription.id, { cancel_at_period_end: true });
      return null;
    case 'resume':
      updateSubscription(world, subscription.id, { cancel_at_period_end: false });
      return null;
    case 'confirm':
      confirm(world, session, subscription);
      return null;
    default:
      return { problem: 'The form says nothing that can be done.' };
  }
}

function changeCard(world: StripeWorld, session: Session, cardNumber: string): PortalNews | null {
  const card = readCard(cardNumber);
  if (!('number' in card)) return { problem: card.message, cardNumber };
  if (card.refused !== null) return { problem: card.refused.message, cardNumber };
  const customer = world.get('customer', session.customer);
  const method = attach(world, createCard(world, card, payerOf(customer)).id, customer.id);
  setDefault(world, customer, method.id);
  const subscription = subscriptionOf(world, customer.id);
  if (subscription !== undefined && subscription.default_payment_method !== null)
    updateSubscription(world, subscription.id, { default_payment_method: method.id });
  return null;
}

function confirm(world: StripeWorld, session: Session, subscription: Stripe.Subscription): void {
  const wanted = session.flow?.subscription_update_confirm;
  if (wanted == null) return;
  const items = wanted.items.map(({ id, price, quantity }) => ({
    id: id ?? '',
    ...(price === null ? {} : { price }),
    quantity: quantity ?? 1,
  }));
  updateSubscription(world, subscription.id, {
    items,
    proration_behavior: 'always_invoice',
    payment_behavior: 'error_if_incomplete',
  });
}

function show(world: StripeWorld, session: Session, news: PortalNews) {
  const view = viewOf(world, session);
  const wanted = session.flow?.subscription_update_confirm;
  const { subscription } = view;
  if (wanted == null || subscription === null) return portalView(view, news);
  const items = wanted.items.map(({ id, price }) => ({
    id: id ?? '',
    ...(price === null ? {} : { price }),
  }));
  const change = priceChange(world, subscription, {
    items,
    behavior: 'always_invoice',
    date: undefined,
  });
  return confirmView(view, change, news);
}

function viewOf(world: StripeWorld, session: Session): PortalView {
  const customer = world.get('customer', session.customer);
  const subscription = subscriptionOf(world, customer.id) ?? null;
  const charged = methodOf(world, {
    customer: customer.id,
    default_payment_method: subscription?.default_payment_method ?? null,
  });
  return {
    session,
    customer,
    subscription,
    productName: subscription === null ? '' : productOf(world, subscription),
    methods: world.books.all<Stripe.PaymentMethod>(
      'payment_method',
      equals({ customer: customer.id }),
    ),
    chargedId: charged?.id ?? null,
    invoices: world.books
      .all<Stripe.Invoice>('invoice', equals({ customer: customer.id }))
      .slice(0, 24),
    nameOf: (price) => world.get('product', idOf(price.product)).name,
  };
}

function productOf(world: StripeWorld, subscription: Stripe.Subscription): string {
  const price = subscription.items.data[0]?.price;
  return price === undefined ? '' : world.get('product', idOf(price.product)).name;
}

function subscriptionOf(world: StripeWorld, customer: string): Stripe.Subscription | undefined {
  const [subscription] = world.books.all<Stripe.Subscription>('subscription', [
    ['customer', '=', customer],
    ['status', 'NOT IN', ['canceled', 'incomplete_expired']],
  ]);
  return subscription;
}

function nextPage(session: Session, action: string | null): string {
  const { flow } = session;
  if (action === 'back') return session.return_url ?? session.url;
  return action === 'confirm'
    ? (flow?.after_completion.redirect?.return_url ?? session.url)
    : session.url;
}

function sendClosed(reply: FastifyReply): FastifyReply {
  const text = 'This address opens no portal any more: ask for a new one.';
  return sendPage(reply, 404, messagePage('Not found', text, null));
}
