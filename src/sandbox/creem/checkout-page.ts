import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { messagePage, sendPage } from '../page.ts';
import { type CheckoutView, checkoutView } from './checkout-view.ts';
import { dueNow, usedDiscount } from './checkouts.ts';
import { payByCard } from './complete-checkout.ts';
import type { Checkout, CreemWorld } from './creem-world.ts';

interface Request {
  Params: { id: string };
}

/** The hosted page of a checkout: a plain form, so that it works without scripts. */
export function registerCheckoutPage(app: FastifyInstance, world: CreemWorld): void {
  app.get<Request>('/creem/checkout/:id', (request, reply) => {
    const checkout = world.find('checkout', request.params.id);
    if (checkout?.status !== 'pending') return sendClosed(reply, checkout);
    return sendPage(reply, 200, checkoutView(viewOf(world, checkout), null));
  });
  app.post<Request>('/creem/checkout/:id', (request, reply) => {
    const checkout = world.find('checkout', request.params.id);
    // The second click of a double click finds the checkout complete, and the customer goes where the first one went.
    if (checkout?.status === 'completed') return leave(reply, checkout);
    if (checkout?.status !== 'pending') return sendClosed(reply, checkout);
    const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '');
    if (form.get('action') === 'cancel') return sendLeft(reply);
    if (form.get('action') !== 'pay') return sendNotUnderstood(request, reply);
    return submit(world, checkout, form, reply);
  });
}

function submit(
  world: CreemWorld,
  checkout: Checkout,
  form: URLSearchParams,
  reply: FastifyReply,
): FastifyReply {
  const view = viewOf(world, checkout);
  const typed = { email: form.get('email') ?? '', cardNumber: form.get('cardNumber') ?? '' };
  const email = view.email ?? typed.email.trim();
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) {
    const problem = { field: 'email' as const, message: 'Your email address is incomplete.' };
    return sendPage(reply, 400, checkoutView(view, { ...problem, ...typed }));
  }
  if (form.get('total') !== null && Number(form.get('total')) !== view.amount) {
    const problem = { field: 'cardNumber' as const, message: 'The total has changed: look again.' };
    return sendPage(reply, 409, checkoutView(view, { ...problem, ...typed }));
  }
  const refusal = world.books.transaction(() =>
    payByCard(world, checkout, typed.cardNumber, email),
  );
  if (refusal === null) return leave(reply, world.get('checkout', checkout.id));
  const problem = { field: 'cardNumber' as const, message: refusal.message };
  return sendPage(reply, 402, checkoutView(view, { ...problem, ...typed }));
}

function viewOf(world: CreemWorld, checkout: Checkout): CheckoutView {
  const { customer } = checkout;
  return {
    checkout,
    product: world.get('product', checkout.product),
    ...dueNow(world, checkout),
    discount: usedDiscount(world, checkout),
    email: customer === undefined ? null : world.get('customer', customer).email,
  };
}

function leave(reply: FastifyReply, checkout: Checkout): FastifyReply {
  if (checkout.success_url == null) return sendClosed(reply, checkout);
  return reply.redirect(successUrl(checkout), 303);
}

/** Creem says in the address what was bought, so that the page there can look. */
function successUrl(checkout: Checkout): string {
  const url = new URL(checkout.success_url ?? '');
  const told = {
    checkout_id: checkout.id,
    order_id: checkout.order?.id,
    customer_id: checkout.customer,
    subscription_id: checkout.subscription,
    product_id: checkout.product,
    request_id: checkout.request_id,
  };
  const given = Object.entries(told).filter(([, value]) => value !== undefined) as [
    string,
    string,
  ][];
  for (const [name, value] of given) url.searchParams.set(name, value);
  const text = given.map(([name, value]) => `${name}=${value}`).join('|');
  url.searchParams.set('signature', createHash('sha256').update(text).digest('hex'));
  return url.href;
}

function sendLeft(reply: FastifyReply): FastifyReply {
  const text = 'Nothing was charged. The page stays open; you can come back to it, or close it.';
  return sendPage(reply, 200, messagePage('Not paid', text, null));
}

function sendNotUnderstood(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const link = { href: request.url, label: 'Back to the checkout' };
  const text = 'The form says neither pay nor cancel.';
  return sendPage(reply, 400, messagePage('Not understood', text, link));
}

function sendClosed(reply: FastifyReply, checkout: Checkout | undefined): FastifyReply {
  if (checkout === undefined) {
    return sendPage(reply, 404, messagePage('Not found', 'There is no such checkout.', null));
  }
  if (checkout.status === 'completed') {
    const text = 'This checkout is complete; nothing more is to be paid.';
    const href = checkout.success_url == null ? null : successUrl(checkout);
    const link = href === null ? null : { href, label: 'Continue' };
    return sendPage(reply, 200, messagePage('All done', text, link));
  }
  const text = 'This checkout has expired. Nothing was charged; you can start again.';
  return sendPage(reply, 410, messagePage('Expired', text, null));
}
