import type { LiveHub } from '../../live/hub.ts';
import { everyState, LiveStream } from '../../live/live-stream.ts';
import type { Page, PageRequest } from '../../platform/paging.ts';
import type { Account } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import type { RecordedTransition } from './lifecycle.model.ts';
import type { LifecycleStore } from './lifecycle.store.ts';

/** What an account's life was until now, and what it becomes while one listens. */
export class LifecycleHistoryService {
  readonly #store: LifecycleStore;
  readonly #accounts: AccountService;
  readonly #hub: LiveHub;

  constructor(store: LifecycleStore, accounts: AccountService, hub: LiveHub) {
    this.#store = store;
    this.#accounts = accounts;
    this.#hub = hub;
  }

  /** A page of an account's steps, newest first. Throws InvalidInput. */
  transitions(accountId: string, request: PageRequest): Promise<Page<RecordedTransition>> {
    return this.#store.page(accountId, request);
  }

  transitionCount(accountId: string): Promise<bigint> {
    return this.#store.count(accountId);
  }

  /** The account now, and again whenever it, its subscription, its cards or its invoices have changed. */
  watchAccount(accountId: string): AsyncIterableIterator<Account> {
    const hub = this.#hub;
    const read = everyState(
      () => this.#accounts.account(accountId),
      () => hub.markOf('account', accountId),
    );
    return new LiveStream({ hub, topic: 'account', id: accountId, read });
  }
}
