import type { Database } from './database/database.ts';
import type { Transaction } from './database/transaction.ts';

/** What became of an event: it changed something (or would have, were it not done already), or it means nothing here. */
type Applied = 'applied' | { readonly ignored: string };

/**
 * The second step of what a provider announced. The first step may ask the provider and runs outside any transaction;
 * this one only writes, in the transaction that also marks the event as done. Throws StaleState.
 */
export interface Apply {
  (tx: Transaction): Promise<Applied>;
  /**
   * Given when it says all by itself, so that it may share a transaction with others: it never throws StaleState, and
   * changes what is this account's (null: nothing), whose row is locked before.
   */
  readonly accountId?: string | null;
  /** Given when it may be applied by this, at once with others that have the same, instead of one after the other. */
  readonly applyTogether?: ApplyTogether;
}

type ApplyTogether = (tx: Transaction, steps: readonly Apply[]) => Promise<void>;

/** A second step that may share a transaction with others of other accounts, or of the same. */
export function forAccount(accountId: string, apply: Apply): Apply {
  return Object.assign(apply, { accountId });
}

/**
 * Second steps of one kind, each made of its account and its news: `applyAll` writes for several of them, in as few statements
 * as for one, what it would have written for one after the other. All of them are applied.
 */
export function together<News>(
  applyAll: (tx: Transaction, news: readonly News[]) => Promise<void>,
): (accountId: string, news: News) => Apply {
  const newsOf = new WeakMap<Apply, News>();
  const applyTogether: ApplyTogether = (tx, steps) =>
    applyAll(
      tx,
      steps.map((step) => newsOf.get(step) as News),
    );
  return (accountId, news) => {
    const alone: Apply = async (tx) => {
      await applyAll(tx, [news]);
      return 'applied';
    };
    const step = Object.assign(forAccount(accountId, alone), { applyTogether });
    newsOf.set(step, news);
    return step;
  };
}

/** The second step of an event that means nothing here. */
export function ignored(reason: string): Apply {
  return Object.assign(async () => ({ ignored: reason }), { accountId: null });
}

/** The state that the first step fetched was overtaken while it was under way: both steps have to be done again. */
export class StaleState extends Error {
  override readonly name = 'StaleState';
}

const MAX_ROUNDS = 5;

/** Does both steps, again when somebody else took over another state in between. Throws what the first step throws. */
export async function takeOver(database: Database, ask: () => Promise<Apply>): Promise<void> {
  for (let round = 1; ; round += 1) {
    try {
      await database.transaction(await ask());
      return;
    } catch (error) {
      if (!(error instanceof StaleState) || round === MAX_ROUNDS) throw error;
    }
  }
}
