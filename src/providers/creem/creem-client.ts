import { setTimeout as sleep } from 'node:timers/promises';
import { errorOfAnswer, isWorthRetrying, lost, tooLate } from './creem-errors.ts';

const MAX_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 250;

export interface CreemClientOptions {
  readonly apiKey: string;
  /** Where Creem is, without the `/v1`. */
  readonly apiBase: string;
  readonly timeoutMs: number;
}

interface Sending {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/v1`, with its query. */
  readonly path: string;
  readonly body?: object;
  readonly idempotencyKey?: string;
}

/** Creem's API over HTTP, with a budget of time for each command. */
export class CreemClient {
  readonly #options: CreemClientOptions;

  constructor(options: CreemClientOptions) {
    this.#options = options;
  }

  /**
   * Runs a command whose requests together take at most the budget.
   * Throws ProviderUnavailable, ProviderDeclined, ProviderRefused.
   */
  command<T>(work: (api: CreemApi) => Promise<T>): Promise<T> {
    return work(new CreemApi(this.#options));
  }
}

/** The requests of one command. Only those that change nothing, or that Creem knows again, are sent again by themselves. */
export class CreemApi {
  readonly #options: CreemClientOptions;
  readonly #deadline: number;

  constructor(options: CreemClientOptions) {
    this.#options = options;
    this.#deadline = performance.now() + options.timeoutMs;
  }

  /** Reads an object, which has to have this field. */
  get<T extends object>(
    path: string,
    query: Readonly<Record<string, string | number>>,
    has: keyof T & string,
  ): Promise<T> {
    const texts = Object.entries(query).map(([name, value]) => [name, String(value)]);
    const asked = texts.length === 0 ? path : `${path}?${new URLSearchParams(texts)}`;
    return this.#again(() => this.#send<T>({ method: 'GET', path: asked }, has));
  }

  /** Sends a request once: its outcome may stay unknown. */
  send<T extends object>(
    method: 'POST' | 'PATCH',
    path: string,
    body: object,
    has: keyof T & string,
  ): Promise<T> {
    return this.#send<T>({ method, path, body }, has);
  }

  /** Takes something away, once: its outcome may stay unknown. */
  remove<T extends object>(path: string, has: keyof T & string): Promise<T> {
    return this.#send<T>({ method: 'DELETE', path }, has);
  }

  /** Makes something that Creem makes only once for one key. */
  create<T extends object>(
    path: string,
    body: object,
    idempotencyKey: string,
    has: keyof T & string,
  ): Promise<T> {
    return this.#again(() => this.#send<T>({ method: 'POST', path, body, idempotencyKey }, has));
  }

  /**
   * Does something for which Creem has no idempotency key: only when a look says that it is not done yet, and after an
   * outcome that stayed unknown only after another look.
   */
  async once<T>(look: () => Promise<T | null>, act: () => Promise<T>): Promise<T> {
    return this.#again(async () => (await look()) ?? (await act()));
  }

  async #again<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const pauseMs = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
        const timeLeft = this.#deadline - performance.now() > pauseMs;
        if (attempt === MAX_ATTEMPTS || !timeLeft || !isWorthRetrying(error)) throw error;
        await sleep(pauseMs);
      }
    }
  }

  async #send<T extends object>(sending: Sending, has: keyof T & string): Promise<T> {
    const { status, body } = await this.#exchange(sending);
    if (status < 200 || status >= 300) throw errorOfAnswer(status, body);
    return genuine<T>(body, has);
  }

  async #exchange({ method, path, body, idempotencyKey }: Sending) {
    const { apiBase, apiKey, timeoutMs } = this.#options;
    const left = Math.ceil(this.#deadline - performance.now());
    if (left <= 0) throw tooLate(timeoutMs);
    const signal = AbortSignal.timeout(left);
    try {
      const response = await fetch(`${apiBase}/v1${path}`, {
        method,
        headers: {
          'x-api-key': apiKey,
          accept: 'application/json',
          'user-agent': 'Tollgate',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'manual',
        signal,
      });
      return { status: response.status, body: await response.text() };
    } catch (error) {
      throw signal.aborted ? tooLate(timeoutMs) : lost(error);
    }
  }
}

/** A proxy's own page, or half an answer, is none. */
function genuine<T extends object>(body: string, has: keyof T & string): T {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch (error) {
    throw lost(error);
  }
  if (typeof answer === 'object' && answer !== null && has in answer) return answer as T;
  throw lost(new Error(`The answer has no ${has}.`));
}
