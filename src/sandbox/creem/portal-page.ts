import type { FastifyInstance, FastifyReply } from 'fastify';
import { messagePage, sendPage } from '../page.ts';
import { readCard } from '../test-cards.ts';
import { payNextPeriod } from './continue-subscription.ts';
import { CreemProblem } from './creem-problem.ts';
import type { CreemWorld, PortalLink, Subscription } from './creem-world.ts';
import { openPortal } from './customers.ts';
import { keepCard } from './payments.ts';
import { type PortalNews, portalView } from './portal-view.ts';
import { keepSubscription, scheduleCancellation } from './subscriptions.ts';

interface Request {
  Params: { secret: string };
}

/** The portal in which a customer cancels, resumes, changes the card and sees payments: forms that work without scripts. */
export function registerPortalPage(app: FastifyInstance, world: CreemWorld): void {
  app.get<Request>('/creem/portal/:secret', (request, reply) => {
    const link = openPortal(world, request.params.secret);
    return link === undefined ? sendClosed(reply) : sendPage(reply, 200, show(world, link, {}));
  });
  app.post<Request>('/creem/portal/:secret', (request, reply) => {
    const link = openPortal(world, request.params.secret);
    if (link === undefined) return sendClosed(reply);
    const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '');
    try {
      const refused = world.books.transaction(() => submit(world, link, form));
      if (refused !== null) return sendPage(reply, 402, show(world, link, refused));
    } catch (error) {
      if (!(error instanceof CreemProblem)) throw error;
      return sendPage(reply, error.status, show(world, link, { problem: error.message }));
    }
    return reply.redirect(request.url, 303);
  });
}

/** Does what a button says; answers why not, or null. */
function submit(world: CreemWorld, link: PortalLink, form: URLSearchParams): PortalNews | null {
  const action = form.get('action');
  if (action === 'card') return changeCard(world, link.customer, form.get('cardNumber') ?? '');
  const subscription = subscriptionOf(world, link.customer);
  if (subscription === null) return { problem: 'There is no subscription.' };
  switch (action) {
    case 'cancel':
      scheduleCancellation(world, subscription.id, false);
      return null;
    case 'resume':
      keepSubscription(world, subscription.id);
      return null;
    default:
      return { problem: 'The form says nothing that can be done.' };
  }
}

/** A payment that has failed is tried again at once with the new card. */
function changeCard(world: CreemWorld, customer: string, cardNumber: string): PortalNews | null {
  const card = readCard(cardNumber);
  if (!('number' in card)) return { problem: card.message, cardNumber };
  if (card.refused !== null) return { problem: card.refused.message, cardNumber };
  keepCard(world, customer, card.number, card.brand);
  const subscription = subscriptionOf(world, customer);
  if (subscription?.status === 'past_due' && card.chargeFails === null) {
    payNextPeriod(world, subscription);
  }
  return null;
}

function show(world: CreemWorld, link: PortalLink, news: PortalNews) {
  const { customer } = link;
  const subscription = subscriptionOf(world, customer);
  return portalView(
    {
      customer: world.get('customer', customer),
      subscription,
      product: subscription && world.get('product', subscription.product),
      card: world.find('card', `card_${customer}`) ?? null,
      transactions: world.all('transaction', [['customer', '=', customer]]).slice(0, 24),
    },
    news,
  );
}

function subscriptionOf(world: CreemWorld, customer: string): Subscription | null {
  const [live] = world.all('subscription', [
    ['customer', '=', customer],
    ['status', 'NOT IN', ['canceled']],
  ]);
  return live ?? null;
}

function sendClosed(reply: FastifyReply): FastifyReply {
  const text = 'This address opens no portal any more: ask for a new one.';
  return sendPage(reply, 404, messagePage('Not found', text, null));
}
