import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/** What a subscriber has heard and not looked at yet. */
export class LiveSubscription<Data> {
  readonly #heard: Data[] = [];
  #end: { error: unknown } | null = null;
  #wake: (() => void) | null = null;
  #unsubscribe: () => void = () => undefined;

  /** Used by LiveClient. */
  open(client: Client, query: string, variables: Record<string, unknown>): this {
    this.#unsubscribe = client.subscribe<Data>(
      { query, variables },
      {
        next: ({ data, errors }) => {
          if (errors !== undefined && errors.length > 0) this.#finish(errors);
          else if (data) this.#heard.push(data);
          this.#wake?.();
        },
        error: (error) => this.#finish(error),
        complete: () => this.#finish(null),
      },
    );
    return this;
  }

  /** The next message; throws when the subscription ended, or when nothing comes in time. */
  async next(withinMs = 10_000): Promise<Data> {
    const deadline = Date.now() + withinMs;
    while (this.#heard.length === 0) {
      if (this.#end !== null)
        throw new Error(`The subscription ended: ${JSON.stringify(this.#end.error)}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`Nothing was heard within ${withinMs} ms.`);
      await this.#news(left);
    }
    return this.#heard.shift() as Data;
  }

  /** Hears on until a message satisfies the condition; answers every message up to it. */
  async until(condition: (data: Data) => boolean, withinMs = 15_000): Promise<Data[]> {
    const heard: Data[] = [];
    do heard.push(await this.next(withinMs));
    while (!condition(heard.at(-1) as Data));
    return heard;
  }

  /** With what the subscription ended. */
  async ended(withinMs = 10_000): Promise<unknown> {
    const deadline = Date.now() + withinMs;
    while (this.#end === null && Date.now() < deadline) await this.#news(deadline - Date.now());
    if (this.#end === null) throw new Error(`The subscription did not end within ${withinMs} ms.`);
    return this.#end.error;
  }

  stop(): void {
    this.#unsubscribe();
  }

  #finish(error: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  #news(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const late = setTimeout(resolve, withinMs);
      this.#wake = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }
}

/** A client of graphql-ws, as a browser would have one. */
export class LiveClient {
  readonly #client: Client;
  readonly #closed: Promise<{ code: number; reason: string }>;

  constructor(gatewayUrl: string, key: string | null) {
    this.#client = createClient({
      url: `${gatewayUrl.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      ...(key === null ? {} : { connectionParams: { Authorization: `Bearer ${key}` } }),
    });
    this.#closed = new Promise((resolve) => {
      this.#client.on('closed', (event) => resolve(event as { code: number; reason: string }));
    });
  }

  subscribe<Data, Variables extends Record<string, unknown>>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): LiveSubscription<Data> {
    return new LiveSubscription<Data>().open(this.#client, print(document), variables);
  }

  subscribeText<Data>(
    query: string,
    variables: Record<string, unknown> = {},
  ): LiveSubscription<Data> {
    return new LiveSubscription<Data>().open(this.#client, query, variables);
  }

  /** With what the socket was closed. */
  closed(): Promise<{ code: number; reason: string }> {
    return this.#closed;
  }

  async close(): Promise<void> {
    await this.#client.dispose();
  }
}
