import { Field, ObjectType } from 'type-graphql';
import type { CreditBalanceEvent } from './ledger.model.ts';
import {
  CreditBalanceType,
  CreditTransactionType,
  toCreditBalance,
  toCreditTransaction,
} from './ledger.type.ts';

@ObjectType('CreditBalanceEvent')
export class CreditBalanceEventType {
  @Field(() => CreditBalanceType)
  balance!: CreditBalanceType;

  @Field(() => [CreditTransactionType], {
    description:
      'The entries since the previous event (or since `after`), each exactly once, oldest first.',
  })
  transactions!: CreditTransactionType[];

  @Field(() => Boolean, {
    description: 'Too far behind for single entries: this is a fresh snapshot.',
  })
  lagged!: boolean;
}

/** An event as subscribers see it. */
export function toCreditBalanceEvent(event: CreditBalanceEvent): CreditBalanceEventType {
  return {
    balance: toCreditBalance(event.balance),
    transactions: event.transactions.map(toCreditTransaction),
    lagged: event.lagged,
  };
}
