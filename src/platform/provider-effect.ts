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
