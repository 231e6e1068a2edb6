import { type Clock, reckoned } from '../../platform/clock.ts';
import { NotFound } from '../../platform/errors.ts';
import { isId } from '../../platform/ids.ts';
import type { Account } from './account.model.ts';
import { standingAt } from './account.policy.ts';
import type {
  AccountPart,
  AccountWithParts,
  AskedFields,
  WantedParts,
} from './account-parts.model.ts';
import { partsFor } from './account-parts.policy.ts';
import type { AccountPartsStore } from './account-parts.store.ts';

/** Reads an account together with what features keep of it; each later feature adds its parts. */
export class AccountPartsService {
  readonly #store: AccountPartsStore;
  readonly #clock: Clock;
  readonly #parts: AccountPart<unknown>[] = [];
  readonly #wanted = new WeakMap<AskedFields, WantedParts>();

  constructor(store: AccountPartsStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The composition root adds what later features have. */
  add(...parts: readonly AccountPart<unknown>[]): void {
    this.#parts.push(...parts);
  }

  /** The account as it is now, with what the fields that are asked for are made of. Throws NotFound. */
  async account(id: string, asked: AskedFields): Promise<AccountWithParts> {
    const wanted = this.#wanted.get(asked) ?? partsFor(this.#parts, asked);
    this.#wanted.set(asked, wanted);
    const found = isId(id) ? await this.#store.read(id, wanted) : null;
    if (found === null) throw new NotFound('Account');
    return { ...found, account: this.#standingNow(found.account) };
  }

  /** Of one stored account, the status says which of its standings it is. */
  #standingNow(account: Account): Account {
    const isSame = (one: Account, other: Account) => one.status === other.status;
    return reckoned(this.#clock, (now) => standingAt(account, now), isSame);
  }
}
