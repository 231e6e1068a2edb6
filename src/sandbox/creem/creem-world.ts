import type {
  CheckoutEntity$Outbound,
  CustomerEntity$Outbound,
  DiscountEntity$Outbound,
  DisputeEntity$Outbound,
  OrderEntity$Outbound,
  ProductEntity$Outbound,
  RefundEntity$Outbound,
  SubscriptionEntity$Outbound,
  TransactionEntity$Outbound,
  WebhookEventType,
} from 'creem/models/components';
import type { ProviderBooks, Where } from '../provider-books.ts';
import { randomId } from '../random-id.ts';
import type { SandboxClock } from '../sandbox-clock.ts';
import { notFound } from './creem-problem.ts';

export type Customer = CustomerEntity$Outbound;
export type Order = OrderEntity$Outbound;
export type Product = ProductEntity$Outbound;
export type Transaction = TransactionEntity$Outbound;

/** In the books, what an object is about stands as an id; an answer or a webhook shows it whole. */
export interface Checkout extends CheckoutEntity$Outbound {
  readonly product: string;
  readonly customer?: string;
  readonly subscription?: string;
}

export interface Subscription extends SubscriptionEntity$Outbound {
  readonly product: string;
  readonly customer: string;
  readonly current_period_start_date: string;
  readonly current_period_end_date: string;
}

/** What the sandbox remembers of a subscription's payments, and Creem shows to nobody. */
export interface Billing {
  readonly id: string;
  /** Where its periods are counted from, in Unix seconds. */
  readonly anchor: number;
  /** How often the payment that is due has failed. */
  readonly failures: number;
  /** What a change of product adds to the next payment, in minor units. */
  readonly carried: number;
  /** Whether a scheduled cancellation pauses instead. */
  readonly pauses: boolean;
}

/** The card that a customer has paid with last. */
export interface Card {
  readonly id: string;
  readonly customer: string;
  readonly number: string;
  readonly brand: string;
}

export interface PortalLink {
  readonly id: string;
  readonly customer: string;
  /** Unix seconds. */
  readonly created: number;
}

interface Kinds {
  billing: Billing;
  card: Card;
  checkout: Checkout;
  customer: Customer;
  discount: DiscountEntity$Outbound;
  dispute: DisputeEntity$Outbound;
  order: Order;
  portal_link: PortalLink;
  product: Product;
  refund: RefundEntity$Outbound;
  subscription: Subscription;
  transaction: Transaction;
}

export const MODE = 'test';

/** Creem's side of the world: objects, time and what is announced about them. All of it synchronous. */
export class CreemWorld {
  readonly books: ProviderBooks;
  readonly #clock: SandboxClock;
  readonly #queueWebhook: (eventId: string) => void;
  readonly #origin: () => string;

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

  /** The address of a page of this provider. */
  pageUrl(path: string): string {
    return `${this.#origin()}/creem${path}`;
  }

  find<K extends keyof Kinds>(kind: K, id: string): Kinds[K] | undefined {
    return this.books.find<Kinds[K]>(kind, id)?.object;
  }

  /** The object; throws the 404 that Creem answers. */
  get<K extends keyof Kinds>(kind: K, id: string): Kinds[K] {
    const object = this.find(kind, id);
    if (object === undefined) throw notFound(`${kind[0]?.toUpperCase()}${kind.slice(1)}`);
    return object;
  }

  /** All that match, the newest first. */
  all<K extends keyof Kinds>(kind: K, where: Where = []): Kinds[K][] {
    return this.books.all<Kinds[K]>(kind, where);
  }

  add<K extends keyof Kinds>(kind: K, object: Kinds[K]): Kinds[K] {
    this.books.insert(kind, object);
    return object;
  }

  change<K extends keyof Kinds>(kind: K, id: string, changes: Partial<Kinds[K]>): Kinds[K] {
    const object = { ...this.get(kind, id), ...changes };
    this.books.update(object);
    return object;
  }

  /** Announces what happened to an object, as it is now. */
  announce(eventType: WebhookEventType, object: object): void {
    const created = this.now();
    const event = { id: randomId('evt_', 22), eventType, created_at: created * 1000, object };
    this.books.insertEvent(event, eventType, created);
    this.#queueWebhook(event.id);
  }
}

/** Unix seconds as Creem writes an instant. */
export function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

/** An instant that Creem wrote, in Unix seconds. */
export function secondsOf(instant: string): number {
  return Math.floor(Date.parse(instant) / 1000);
}
