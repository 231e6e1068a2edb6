import type { Database } from './database/database.ts';
import type { Transaction } from './database/transaction.ts';

/** What became of an event: it changed something (or would have, were it not done already), or it means nothing here. */
type Applied = 'applied' | { readonly ignored: string };

/**
 * The second step of what a provider announced. The first step may ask the provider and runs outside any transaction;
 * this one only writes, in the transaction that also marks the event as done. Throws StaleState.
 */
export type Apply = (tx: Transaction) => Promise<Applied>;

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
