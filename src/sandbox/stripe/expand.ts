import type Stripe from 'stripe';
import { lineItems } from './checkout-sessions.ts';
import { paymentsOf } from './invoices.ts';
import { badRequest } from './stripe-problem.ts';
import { equals, type StripeWorld } from './stripe-world.ts';

type Shown = Record<string, unknown>;

/** Lists that an object shows only when they are asked for. */
const INCLUDED: Readonly<
  Record<string, (world: StripeWorld, id: string) => Stripe.ApiList<unknown>>
> = {
  'checkout.session.line_items': (world, id) =>
    lineItems(world, id, `/v1/checkout/sessions/${id}/line_items`, { limit: 100 }),
  'invoice.payments': (world, id) =>
    whole(paymentsOf(world, id), `/v1/invoice_payments?invoice=${id}`),
  'charge.refunds': (world, id) =>
    whole(world.books.all('refund', equals({ charge: id })), `/v1/charges/${id}/refunds`),
  'customer.subscriptions': (world, id) =>
    whole(
      world.books
        .all<Stripe.Subscription>('subscription', equals({ customer: id }))
        .filter((subscription) => subscription.status !== 'canceled'),
      `/v1/customers/${id}/subscriptions`,
    ),
};

const DEEPEST = 4;

/** Replaces ids in an answer by their objects, along paths such as `data.customer` and `latest_invoice.payments`. */
export function expand(world: StripeWorld, answer: object, paths: readonly string[]): object {
  if (paths.length === 0) return answer;
  const expanded = structuredClone(JSON.parse(JSON.stringify(answer))) as Shown;
  for (const path of paths) {
    const steps = path.split('.');
    if (steps.length > DEEPEST) {
      throw badRequest('You cannot expand more than 4 levels of a property.', { param: 'expand' });
    }
    expandAlong(world, expanded, steps, path);
  }
  return expanded;
}

function expandAlong(
  world: StripeWorld,
  object: Shown,
  steps: readonly string[],
  path: string,
): void {
  const [step, ...rest] = steps;
  if (step === undefined) return;
  const include = INCLUDED[`${String(object.object)}.${step}`];
  if (include !== undefined) object[step] ??= include(world, String(object.id));
  if (object[step] === null) return;
  if (typeof object[step] === 'string') object[step] = referenced(world, object[step], path);
  for (const next of nextObjects(object[step], path)) expandAlong(world, next, rest, path);
}

function referenced(world: StripeWorld, id: string, path: string): unknown {
  return world.books.findAny(id) ?? refuse(path);
}

function nextObjects(value: unknown, path: string): Shown[] {
  if (Array.isArray(value)) return value.filter((item) => typeof item === 'object');
  if (typeof value === 'object' && value !== null) return [value as Shown];
  return refuse(path);
}

function refuse(path: string): never {
  throw badRequest(`This property cannot be expanded (${path}).`, { param: 'expand' });
}

function whole(data: unknown[], url: string): Stripe.ApiList<unknown> {
  return { object: 'list', data, has_more: false, url };
}
