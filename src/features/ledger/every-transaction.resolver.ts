import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';
import { toConnection } from '../../graphql/connection.ts';
import type { GraphContext } from '../../graphql/context.ts';
import type { PageRequest } from '../../platform/paging.ts';
import type { AccountService } from '../account/account.service.ts';
import { requireAdmin } from '../account/caller.policy.ts';
import {
  EVERY_TRANSACTION_CURSOR,
  everyTransactionPosition,
  TRANSACTION_CURSOR,
  type CreditTransactionType as TransactionKind,
} from './ledger.model.ts';
import {
  CreditTransactionConnectionType,
  CreditTransactionTypeEnum,
  toCreditTransaction,
} from './ledger.type.ts';
import type { LedgerHistoryService } from './ledger-history.service.ts';

@Resolver()
export class EveryTransactionResolver {
  readonly #accounts: AccountService;
  readonly #history: LedgerHistoryService;

  constructor(accounts: AccountService, history: LedgerHistoryService) {
    this.#accounts = accounts;
    this.#history = history;
  }

  @Query(() => CreditTransactionConnectionType, {
    description: 'Administrators: the entries of all accounts or of one, newest first.',
  })
  async creditTransactions(
    @Ctx() ctx: GraphContext,
    @Arg('first', () => Int, { nullable: true }) first?: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
    @Arg('accountId', () => ID, { nullable: true }) accountId?: string,
    @Arg('types', () => [CreditTransactionTypeEnum], { nullable: true }) types?: TransactionKind[],
  ): Promise<CreditTransactionConnectionType> {
    requireAdmin(ctx.caller);
    const request = { first, after };
    return accountId
      ? this.#ofAccount(accountId, types ?? null, request)
      : this.#ofAll(types ?? null, request);
  }

  async #ofAll(
    types: TransactionKind[] | null,
    request: PageRequest,
  ): Promise<CreditTransactionConnectionType> {
    return toConnection(CreditTransactionConnectionType, {
      page: await this.#history.everyTransaction(types, request),
      cursorKind: EVERY_TRANSACTION_CURSOR,
      position: everyTransactionPosition,
      node: toCreditTransaction,
      count: () => this.#history.everyTransactionCount(types),
    });
  }

  async #ofAccount(
    accountId: string,
    types: TransactionKind[] | null,
    request: PageRequest,
  ): Promise<CreditTransactionConnectionType> {
    const { id } = await this.#accounts.account(accountId);
    return toConnection(CreditTransactionConnectionType, {
      page: await this.#history.transactions(id, types, request),
      cursorKind: TRANSACTION_CURSOR,
      position: ({ sequence }) => sequence,
      node: toCreditTransaction,
      count: () => this.#history.transactionCount(id, types),
    });
  }
}
