import { Listener } from '../platform/database/listener.ts';
import type { Logger } from '../platform/logger.ts';
import type { HintTransport } from './hub.ts';

/** Hints by PostgreSQL's NOTIFY, sent with the transactions that cause them. */
export class PostgresTransport implements HintTransport {
  readonly #url: string;
  readonly #logger: Logger;
  #listener: Listener | null = null;

  constructor(url: string, logger: Logger) {
    this.#url = url;
    this.#logger = logger;
  }

  async start(onHint: (hint: string) => void, onGap: () => void): Promise<void> {
    this.#listener = new Listener({
      url: this.#url,
      channel: 'tollgate',
      onMessage: onHint,
      onListening: onGap,
      onLost: (error) =>
        this.#logger.warn({ reason: error.message }, 'live updates lost their connection'),
    });
    await this.#listener.start();
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }
}
