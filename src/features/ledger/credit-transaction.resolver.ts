import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { GraphContext } from '../../graphql/context.ts';
import type { RequestLoader } from '../../graphql/gathered-loader.ts';
import { invariant } from '../../platform/assert.ts';
import { accountLoader } from '../account/account.loader.ts';
import type { Account } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import { AccountType, toAccount } from '../account/account.type.ts';
import { accountFor } from '../account/caller.policy.ts';
import { allocationLoader, entryName } from './ledger.loader.ts';
import type { CreditAllocation } from './ledger.model.ts';
import { CreditAllocationType, CreditTransactionType, toCreditAllocation } from './ledger.type.ts';
import type { LedgerHistoryService } from './ledger-history.service.ts';

/** What an entry explains of itself: whose it is, and which grants it touched. */
@Resolver(() => CreditTransactionType)
export class CreditTransactionResolver {
  readonly #accounts: RequestLoader<Account>;
  readonly #allocations: RequestLoader<readonly CreditAllocation[]>;

  constructor(accounts: AccountService, history: LedgerHistoryService) {
    this.#accounts = accountLoader(accounts);
    this.#allocations = allocationLoader(history);
  }

  @FieldResolver(() => [CreditAllocationType])
  allocations(
    @Root() entry: CreditTransactionType,
    @Ctx() ctx: GraphContext,
  ): CreditAllocationType[] | Promise<CreditAllocationType[]> {
    return entry.readAllocations ?? this.#load(entry, ctx);
  }

  @FieldResolver(() => AccountType, { description: 'Needs the scope billing:read.' })
  async account(
    @Root() entry: CreditTransactionType,
    @Ctx() ctx: GraphContext,
  ): Promise<AccountType> {
    const account = await this.#accounts(ctx).load(
      accountFor(ctx.caller, entry.key.accountId, 'read'),
    );
    invariant(account !== undefined, `account ${entry.key.accountId} exists`);
    return toAccount(account);
  }

  async #load(entry: CreditTransactionType, ctx: GraphContext): Promise<CreditAllocationType[]> {
    const allocations = await this.#allocations(ctx).load(entryName(entry.key));
    return (allocations ?? []).map(toCreditAllocation);
  }
}
