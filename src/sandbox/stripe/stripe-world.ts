import Stripe from 'stripe';
import type { PageOf, ProviderBooks, Where } from '../provider-books.ts';
import { randomId } from '../random-id.ts';
import type { SandboxClock } from '../sandbox-clock.ts';
import { badRequest, noSuch } from './stripe-problem.ts';

/** The objects that the books hold, by the name that Stripe gives their kind. */
export interface Kinds {
  'checkout.session': Stripe.Checkout.Session;
  charge: Stripe.Charge;
  coupon: Stripe.Coupon;
  customer: Stripe.Customer;
  dispute: Stripe.Dispute;
  discount: Stripe.Discount;
  invoice: Stripe.Invoice;
  invoice_payment: Stripe.InvoicePayment;
  payment_intent: Stripe.PaymentIntent;
  payment_method: Stripe.PaymentMethod;
  price: Stripe.Price;
  product: Stripe.Product;
  'billing_portal.session': Stripe.BillingPortal.Session;
  refund: Stripe.Refund;
  setup_intent: Stripe.SetupIntent;
  subscription: Stripe.Subscription;
  subscription_schedule: Stripe.SubscriptionSchedule;
}

/** The request that an event says it came from; both null when nobody asked. */
export interface Cause {
  readonly id: string | null;
  readonly idempotency_key: string | null;
}

export interface ListParameters {
  readonly limit?: number | undefined;
  readonly starting_after?: string | undefined;
  readonly ending_before?: string | undefined;
  readonly created?: Stripe.RangeQueryParam | number | undefined;
}

const NOBODY: Cause = { id: null, idempotency_key: null };

/** Stripe's side of the world: objects, time and what is announced about them. All of it synchronous. */
export class StripeWorld {
  readonly books: ProviderBooks;
  readonly #clock: SandboxClock;
  readonly #queueWebhook: (eventId: string) => void;
  readonly #origin: () => string;
  #cause: Cause = NOBODY;

  constructor(parts: {
    books: ProviderBooks;
    clock: SandboxClock;
    queueWebhook: (eventId: string) => void;
    origin: () => string;
  }) {
    this.books = parts.books;
    this.#clock = parts.clock;
    this.#queueWebhook = parts.queueWebhook;
    this.#origin = parts.origin;
  }

  /** Domain time in Unix seconds. */
  now(): number {
    return this.#clock.seconds();
  }

  /** The address of a page of the sandbox. */
  pageUrl(path: string): string {
    return `${this.#origin()}${path}`;
  }

  /** Runs one request or one happening as a transaction; its events name `cause`. */
  act<T>(cause: Cause | null, work: () => T): T {
    this.#cause = cause ?? NOBODY;
    try {
      return this.books.transaction(work);
    } finally {
      this.#cause = NOBODY;
    }
  }

  find<K extends keyof Kinds>(kind: K, id: string): Kinds[K] | undefined {
    return this.books.find<Kinds[K]>(kind, id)?.object;
  }

  /** The object, or the error Stripe answers: 404 for the path's own, 400 when `param` names it. */
  get<K extends keyof Kinds>(kind: K, id: string, param?: string): Kinds[K] {
    const object = this.find(kind, id);
    if (object === undefined) throw noSuch(SPOKEN[kind] ?? kind, id, param);
    return object;
  }

  /** What the sandbox remembers about an object and does not show. */
  hidden(kind: keyof Kinds, id: string): Readonly<Record<string, unknown>> {
    return this.books.find(kind, id)?.hidden ?? {};
  }

  add<K extends keyof Kinds>(
    kind: K,
    object: Kinds[K],
    hidden?: Record<string, unknown>,
  ): Kinds[K] {
    this.books.insert(kind, object, hidden);
    return object;
  }

  /** Changes an object in the books; answers the whole and, for an event, what its changed fields were. */
  change<K extends keyof Kinds>(
    kind: K,
    id: string,
    changes: Partial<Kinds[K]>,
  ): { object: Kinds[K]; previous: Partial<Kinds[K]> } {
    const before = this.get(kind, id);
    const object = { ...before, ...changes };
    this.books.update(object);
    const changed = (Object.keys(changes) as (keyof Kinds[K])[]).filter(
      (key) => JSON.stringify(before[key]) !== JSON.stringify(object[key]),
    );
    const previous = Object.fromEntries(changed.map((key) => [key, before[key]]));
    return { object, previous: previous as Partial<Kinds[K]> };
  }

  /** Announces what happened to an object, as it is now. */
  announce(type: Stripe.Event['type'], object: object, previous?: object): void {
    const event = {
      id: randomId('evt_'),
      object: 'event',
      api_version: Stripe.API_VERSION,
      created: this.now(),
      data: {
        object,
        ...(previous && Object.keys(previous).length > 0 ? { previous_attributes: previous } : {}),
      },
      livemode: false,
      pending_webhooks: 1,
      request: this.#cause,
      type,
    } satisfies Omit<Stripe.EventBase, 'type'> & { type: string };
    this.books.insertEvent(event, type, event.created);
    this.#queueWebhook(event.id);
  }

  /** A page of a list, as Stripe wraps it. */
  list<K extends keyof Kinds>(
    kind: K,
    url: string,
    params: ListParameters,
    where: Where = [],
  ): Stripe.ApiList<Kinds[K]> {
    const found = this.books.list<Kinds[K]>(kind, [...where, ...createdWithin(params.created)], {
      limit: pageSize(params),
      startingAfter: params.starting_after,
      endingBefore: params.ending_before,
    });
    return asList(found, url, params, SPOKEN[kind] ?? kind);
  }
}

/** What Stripe calls these kinds in its messages. */
const SPOKEN: Partial<Record<keyof Kinds, string>> = {
  'checkout.session': 'checkout.session',
  payment_method: 'PaymentMethod',
};

/** How many objects a page may hold: 1 to 100, 10 unless told. Throws a 400 for any other. */
export function pageSize(params: ListParameters): number {
  const limit = params.limit ?? 10;
  if (limit >= 1 && limit <= 100) return limit;
  throw badRequest(`Invalid integer: ${limit}. It must be between 1 and 100.`, {
    code: 'parameter_invalid_integer',
    param: 'limit',
  });
}

export function asList<T>(
  found: PageOf<T> | null,
  url: string,
  params: ListParameters,
  what: string,
): Stripe.ApiList<T> {
  if (found === null) {
    const param = params.starting_after === undefined ? 'ending_before' : 'starting_after';
    throw noSuch(what, params.starting_after ?? params.ending_before ?? '', param);
  }
  return { object: 'list', data: found.data, has_more: found.hasMore, url };
}

/** The conditions of a `created` filter. */
export function createdWithin(created: ListParameters['created'], path = 'created'): Where {
  if (created === undefined) return [];
  if (typeof created === 'number') return [[path, '=', created]];
  const bounds = [
    ['>', created.gt],
    ['>=', created.gte],
    ['<', created.lt],
    ['<=', created.lte],
  ] as const;
  return bounds.flatMap(([operator, value]) =>
    value === undefined ? [] : [[path, operator, value] as const],
  );
}

/** The conditions `field = value` for those values that were given. */
export function equals(fields: Record<string, string | number | boolean | undefined>): Where {
  return Object.entries(fields).flatMap(([path, value]) =>
    value === undefined ? [] : [[path, '=', typeof value === 'boolean' ? Number(value) : value]],
  ) as Where;
}

/** Metadata after an update: given keys are set, empty ones removed, an empty text removes all. */
export function mergeMetadata(
  before: Stripe.Metadata | null,
  given: Stripe.MetadataParam | '' | null | undefined,
): Stripe.Metadata {
  if (given === '' || given === null) return {};
  const merged = { ...before, ...given };
  return Object.fromEntries(
    Object.entries(merged)
      .filter(([, value]) => value !== '' && value !== null)
      .map(([key, value]) => [key, String(value)]),
  );
}

/** The id of something that may have been expanded. */
export function idOf(reference: string | { id: string }): string {
  return typeof reference === 'string' ? reference : reference.id;
}

/** An empty text unsets a parameter. */
export function orNull(text: string | null | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}
