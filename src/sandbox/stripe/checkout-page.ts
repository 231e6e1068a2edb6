import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type Stripe from 'stripe';
import { messagePage, sendPage } from '../page.ts';
import { planOf } from './checkout-sessions.ts';
import { type CheckoutView, checkoutView, type Refused } from './checkout-view.ts';
import { needsNoCard, payByCard, payLater } from './complete-checkout.ts';
import type { Payer } from './payment-methods.ts';
import { idOf, type StripeWorld } from './stripe-world.ts';

/** The hosted page of a checkout session: plain forms, so that it works without scripts. */
export function registerCheckoutPage(app: FastifyInstance, world: StripeWorld): void {
  app.get<{ Params: { id: string } }>('/checkout/:id', (request, reply) => {
    const session = world.find('checkout.session', request.params.id);
    if (session?.status !== 'open') return sendClosed(reply, session);
    return sendPage(reply, 200, checkoutView(viewOf(world, session), null));
  });
  app.post<{ Params: { id: string } }>('/checkout/:id', (request, reply) => {
    const session = world.find('checkout.session', request.params.id);
    const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '');
    if (session === undefined) return sendClosed(reply, session);
    if (form.get('action') === 'cancel') return leave(reply, session);
    // The second click of a double click finds the session complete, and the customer goes where the first one went.
    if (session.status === 'complete') return reply.redirect(successUrl(session), 303);
    if (session.status !== 'open') return sendClosed(reply, session);
    return submit(world, session, form, request, reply);
  });
}

function submit(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  form: URLSearchParams,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const action = form.get('action');
  if (action !== 'pay' && action !== 'pay_later') {
    const text = 'The form says neither pay nor cancel.';
    return sendPage(reply, 400, messagePage('Not understood', text, backTo(request)));
  }
  const view = viewOf(world, session);
  const payer = payerOf(world, session, form);
  const cardNumber = form.get('cardNumber') ?? '';
  const refused = view.email === null && !looksLikeEmail(payer.email) ? NO_EMAIL : null;
  const refusal = refused ?? world.act(null, () => pay(world, session, action, cardNumber, payer));
  if (refusal === null) return reply.redirect(successUrl(session), 303);
  const page = checkoutView(view, { ...refusal, cardNumber, email: form.get('email') ?? '' });
  return sendPage(reply, refused === null ? 402 : 400, page);
}

const NO_EMAIL = { field: 'email' as const, message: 'Your email address is incomplete.' };

function pay(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  action: 'pay' | 'pay_later',
  cardNumber: string,
  payer: Payer,
): Pick<Refused, 'field' | 'message'> | null {
  if (action === 'pay_later') {
    payLater(world, session, payer);
    return null;
  }
  const refusal = payByCard(world, session, cardNumber, payer);
  return refusal && { field: 'cardNumber', message: refusal.message };
}

function viewOf(world: StripeWorld, session: Stripe.Checkout.Session): CheckoutView {
  const plan = planOf(world, session.id);
  return {
    session,
    lines: plan.lines,
    trialEnd: plan.trialEnd ?? (plan.trialDays && world.now() + plan.trialDays * 86_400),
    email: knownEmail(world, session),
    cardOptional: needsNoCard(session),
    coupon: couponOf(world, plan.coupon),
  };
}

function couponOf(world: StripeWorld, id: string | null): CheckoutView['coupon'] {
  const coupon = id === null ? undefined : world.find('coupon', id);
  return coupon === undefined
    ? null
    : { name: coupon.name ?? coupon.id, isForOnce: coupon.duration === 'once' };
}

function payerOf(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  form: URLSearchParams,
): Payer {
  const typed = form.get('email')?.trim() ?? '';
  const customer =
    session.customer === null ? undefined : world.find('customer', idOf(session.customer));
  return {
    email: knownEmail(world, session) ?? (typed === '' ? null : typed),
    name: customer?.name ?? null,
  };
}

/** The address that need not be asked for; a customer of the books is known even without one. */
function knownEmail(world: StripeWorld, session: Stripe.Checkout.Session): string | null {
  if (session.customer === null) return session.customer_email;
  return world.find('customer', idOf(session.customer))?.email ?? '';
}

function looksLikeEmail(text: string | null): boolean {
  return text !== null && /^[^\s@]+@[^\s@]+$/.test(text);
}

function successUrl(session: Stripe.Checkout.Session): string {
  return (session.success_url ?? '').replaceAll('{CHECKOUT_SESSION_ID}', session.id);
}

function leave(reply: FastifyReply, session: Stripe.Checkout.Session): FastifyReply {
  if (session.cancel_url !== null) {
    return reply.redirect(session.cancel_url.replaceAll('{CHECKOUT_SESSION_ID}', session.id), 303);
  }
  return sendPage(reply, 200, messagePage('Not paid', 'You can close this page.', null));
}

function sendClosed(
  reply: FastifyReply,
  session: Stripe.Checkout.Session | undefined,
): FastifyReply {
  if (session === undefined) {
    return sendPage(reply, 404, messagePage('Not found', 'There is no such checkout.', null));
  }
  if (session.status === 'complete') {
    const link = { href: successUrl(session), label: 'Continue' };
    const text = 'This checkout is complete; nothing more is to be paid.';
    return sendPage(reply, 200, messagePage('All done', text, link));
  }
  const link = session.cancel_url === null ? null : { href: session.cancel_url, label: 'Go back' };
  const text = 'This checkout has expired. Nothing was charged; you can start again.';
  return sendPage(reply, 410, messagePage('Expired', text, link));
}

function backTo(request: FastifyRequest): { href: string; label: string } {
  return { href: request.url, label: 'Back to the checkout' };
}
