import type { Logger } from '../platform/logger.ts';
import type { Books } from './books.ts';
import { WebhookOutbox } from './webhook-outbox.ts';

const CONCURRENT = 4;
const TIMEOUT_MS = 10_000;

export interface WebhookSender {
  readonly name: string;
  signWebhook(body: string): Record<string, string>;
}

/** Sends what is in the outbox to the address of each provider's webhooks, again and again until it is taken. */
export class WebhookDeliverer {
  readonly outbox: WebhookOutbox;
  readonly #senders = new Map<string, WebhookSender>();
  readonly #urls = new Map<string, string>();
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  readonly #inFlight = new Map<number, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];

  constructor(books: Books, logger: Logger) {
    this.outbox = new WebhookOutbox(books);
    this.#logger = logger;
  }

  addSender(sender: WebhookSender): void {
    this.#senders.set(sender.name, sender);
  }

  /** Where a provider's webhooks go from now on, those still waiting too; null keeps them waiting. */
  setUrl(provider: string, url: string | null): void {
    if (url === null) this.#urls.delete(provider);
    else this.#urls.set(provider, url);
    this.wake();
  }

  /** Looks for something to send once the present transaction is done. */
  wake(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#sendDue(), 0);
  }

  /**
   * Tries everything that waits for another attempt now, and resolves when nothing is left to send or `timeoutMs` is over.
   * Answers how many webhooks have still not arrived; held ones and those without an address are not waited for.
   */
  async drain(timeoutMs = 10_000): Promise<{ undelivered: number }> {
    this.outbox.retryNow();
    this.wake();
    const deadline = Date.now() + timeoutMs;
    while (this.#remaining() > 0 && Date.now() < deadline && !this.#closing.signal.aborted) {
      await this.#nextOutcome(deadline - Date.now());
    }
    return { undelivered: this.#remaining() };
  }

  /** Stops sending; what has not arrived stays in the outbox for the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await Promise.allSettled(this.#inFlight.values());
  }

  #sendDue(): void {
    if (this.#closing.signal.aborted) return;
    while (this.#inFlight.size < CONCURRENT) {
      const next = this.outbox.next([...this.#urls.keys()], [...this.#inFlight.keys()]);
      if (next === undefined) break;
      this.#inFlight.set(next.id, this.#send(next));
    }
    const waitMs = this.outbox.waitMs([...this.#urls.keys()], [...this.#inFlight.keys()]);
    if (waitMs === null || this.#inFlight.size >= CONCURRENT) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#sendDue(), waitMs);
  }

  async #send(delivery: { id: number; provider: string; body: string }): Promise<void> {
    const taken = await this.#post(delivery.provider, delivery.body);
    this.#inFlight.delete(delivery.id);
    if (this.#closing.signal.aborted) return;
    if (taken) this.outbox.markDelivered(delivery.id);
    else this.outbox.postpone(delivery.id);
    this.#sendDue();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #post(provider: string, body: string): Promise<boolean> {
    const url = this.#urls.get(provider);
    const sender = this.#senders.get(provider);
    if (url === undefined || sender === undefined) return false;
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json; charset=utf-8', ...sender.signWebhook(body) },
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), this.#closing.signal]),
      });
      await response.body?.cancel();
      return response.ok;
    } catch (error) {
      this.#logger.debug({ err: error, provider }, 'a webhook was not taken');
      return false;
    }
  }

  #remaining(): number {
    return this.outbox.pending([...this.#urls.keys()]);
  }

  async #nextOutcome(withinMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, withinMs));
      this.#idle.push(resolve);
    });
    clearTimeout(timer);
  }
}
