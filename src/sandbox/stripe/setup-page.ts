import type { FastifyInstance, FastifyReply } from 'fastify';
import type Stripe from 'stripe';
import { messagePage, sendPage } from '../page.ts';
import { type CardRefusal, readCard } from '../test-cards.ts';
import { type CardForm, cardPage } from './card-form.ts';
import { createCard } from './payment-methods.ts';
import { confirmSetup, payerFor } from './setup-intents.ts';
import type { StripeWorld } from './stripe-world.ts';

interface Request {
  Params: { secret: string };
  Querystring: { return_url?: string };
}

/**
 * Stands in for the provider's script in a browser: takes a card for a setup intent, whose client secret is in the address,
 * and confirms it. `return_url` is where the customer goes afterwards, with what the script would add.
 */
export function registerSetupPage(app: FastifyInstance, world: StripeWorld): void {
  app.get<Request>('/setup/:secret', (request, reply) => {
    const intent = intentOf(world, request.params.secret);
    if (intent?.status !== 'requires_payment_method') return sendClosed(reply, intent);
    return sendPage(reply, 200, cardPage(formOf(world, intent), null));
  });
  app.post<Request>('/setup/:secret', (request, reply) => {
    const intent = intentOf(world, request.params.secret);
    const returnUrl = returnUrlOf(request.query.return_url);
    if (intent === undefined) return sendClosed(reply, intent);
    const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '');
    if (form.get('action') === 'cancel') return leave(reply, returnUrl, intent, 'canceled');
    if (intent.status === 'succeeded') return leave(reply, returnUrl, intent, 'succeeded');
    const cardNumber = form.get('cardNumber') ?? '';
    const refusal = world.act(null, () => save(world, intent, cardNumber));
    if (refusal === null) return leave(reply, returnUrl, intent, 'succeeded');
    const page = cardPage(formOf(world, intent), { message: refusal.message, cardNumber });
    return sendPage(reply, 402, page);
  });
}

/** The intent whose client secret this is: knowing it is what opens the page. */
function intentOf(world: StripeWorld, secret: string): Stripe.SetupIntent | undefined {
  const intent = world.find('setup_intent', secret.split('_secret_', 1)[0] ?? '');
  return intent?.client_secret === secret ? intent : undefined;
}

function save(
  world: StripeWorld,
  intent: Stripe.SetupIntent,
  cardNumber: string,
): CardRefusal | null {
  const card = readCard(cardNumber);
  if (!('number' in card)) return card;
  return confirmSetup(world, intent, createCard(world, card, payerFor(world, intent)));
}

function formOf(world: StripeWorld, intent: Stripe.SetupIntent): CardForm {
  return {
    title: 'Save a card',
    text: 'It is charged when something is due, and never before.',
    email: payerFor(world, intent).email,
    label: 'Save card',
  };
}

function returnUrlOf(text: string | undefined): URL | null {
  if (text === undefined || !URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : null;
}

function leave(
  reply: FastifyReply,
  returnUrl: URL | null,
  intent: Stripe.SetupIntent,
  status: 'succeeded' | 'canceled',
): FastifyReply {
  if (returnUrl === null) {
    const text = 'You can close this page.';
    const title = status === 'succeeded' ? 'Card saved' : 'Nothing was saved';
    return sendPage(reply, 200, messagePage(title, text, null));
  }
  returnUrl.searchParams.set('setup_intent', intent.id);
  returnUrl.searchParams.set('setup_intent_client_secret', intent.client_secret ?? '');
  returnUrl.searchParams.set('redirect_status', status);
  return reply.redirect(returnUrl.href, 303);
}

function sendClosed(reply: FastifyReply, intent: Stripe.SetupIntent | undefined): FastifyReply {
  if (intent === undefined) {
    const text = 'There is no such setup intent, or the secret is another one.';
    return sendPage(reply, 404, messagePage('Not found', text, null));
  }
  return sendPage(reply, 200, messagePage('Card saved', 'You can close this page.', null));
}
