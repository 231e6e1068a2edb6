import { setTimeout as sleep } from 'node:timers/promises';
import Stripe from 'stripe';
import { isWorthRetrying, strangeAnswer, tooLate, toProviderError } from './stripe-errors.ts';

const MAX_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 250;
const GRACE_MS = 100;

export interface StripeClientOptions {
  readonly secretKey: string;
  /** Where Stripe is, such as `http://127.0.0.1:4001`; null is Stripe itself. */
  readonly apiBase: string | null;
  readonly timeoutMs: number;
}

/** What every request carries besides its parameters: how long it may take. The SDK's own retries are off: see `command`. */
export interface RequestLimits {
  readonly timeout: number;
  readonly maxNetworkRetries: 0;
}

/** One request of a command: sent again when that may help and time is left, and its error said in the port's words. */
export type Call = <T extends object>(send: (limits: RequestLimits) => Promise<T>) => Promise<T>;

/** The SDK with a budget of time. The SDK alone counts silence per attempt and could keep a caller for minutes. */
export class StripeClient {
  readonly sdk: Stripe;
  readonly #timeoutMs: number;

  constructor({ secretKey, apiBase, timeoutMs }: StripeClientOptions) {
    this.#timeoutMs = timeoutMs;
    this.sdk = new Stripe(secretKey, {
      ...(apiBase === null ? {} : address(apiBase)),
      maxNetworkRetries: 0,
      telemetry: false,
      appInfo: { name: 'Tollgate' },
    });
  }

  /**
   * Runs a command whose requests together take at most the budget. Every request carries the caller's idempotency key,
   * so one that was cut off can be sent again and makes no second object.
   * Throws ProviderUnavailable, ProviderDeclined, ProviderRefused.
   */
  async command<T>(work: (call: Call) => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.#timeoutMs;
    let timer: NodeJS.Timeout | undefined;
    // A server that sends a byte now and then never times out in the SDK: this ends the wait all the same.
    const expiry = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(tooLate(this.#timeoutMs)), this.#timeoutMs + GRACE_MS);
    });
    try {
      return await Promise.race([work((send) => this.#attempt(send, deadline)), expiry]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #attempt<T extends object>(
    send: (limits: RequestLimits) => Promise<T>,
    deadline: number,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const left = Math.ceil(deadline - performance.now());
      if (left <= 0) throw tooLate(this.#timeoutMs);
      try {
        return genuine(await send({ timeout: left, maxNetworkRetries: 0 }));
      } catch (error) {
        const pauseMs = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
        const timeLeft = deadline - performance.now() > pauseMs;
        if (attempt === MAX_ATTEMPTS || !timeLeft || !isWorthRetrying(error)) {
          throw toProviderError(error);
        }
        await sleep(pauseMs);
      }
    }
  }
}

/** The SDK takes any JSON without `error` for success, also a proxy's own 502. */
function genuine<T extends object>(answer: T): T {
  const { object, lastResponse } = answer as {
    object?: unknown;
    lastResponse?: { statusCode?: number };
  };
  const status = lastResponse?.statusCode ?? null;
  if (typeof object !== 'string' || (status !== null && status >= 400)) throw strangeAnswer(status);
  return answer;
}

function address(apiBase: string): { host: string; port: string; protocol: 'http' | 'https' } {
  const url = new URL(apiBase);
  if ((url.protocol !== 'http:' && url.protocol !== 'https:') || url.pathname !== '/') {
    throw new Error('STRIPE_API_BASE must be an http or https address without a path.');
  }
  const protocol = url.protocol === 'http:' ? 'http' : 'https';
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (protocol === 'http' ? '80' : '443') : url.port,
    protocol,
  };
}
