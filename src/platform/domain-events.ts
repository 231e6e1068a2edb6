import type { Transaction } from './database/transaction.ts';

/** What happened, told upward: its type lives in the publisher's model. */
interface DomainEvent {
  readonly type: string;
}

type Subscriber<Event> = (tx: Transaction, event: Event) => Promise<void>;

/**
 * Tells later features what happened in earlier ones. Subscribers run inside the publisher's transaction, before it
 * answers, in the order in which they subscribed; one that throws undoes the whole command. They only write rows or enqueue.
 */
export class DomainEvents {
  readonly #subscribers = new Map<string, Subscriber<never>[]>();

  subscribe<Event extends DomainEvent>(type: Event['type'], subscriber: Subscriber<Event>): void {
    const known = this.#subscribers.get(type) ?? [];
    this.#subscribers.set(type, [...known, subscriber as Subscriber<never>]);
  }

  async publish<Event extends DomainEvent>(tx: Transaction, event: Event): Promise<void> {
    for (const subscriber of this.#subscribers.get(event.type) ?? []) {
      await (subscriber as Subscriber<Event>)(tx, event);
    }
  }
}
