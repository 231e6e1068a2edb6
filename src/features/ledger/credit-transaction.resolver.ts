import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { type GraphContext, perRequest } from '../../graphql/context.ts';
import { invariant } from '../../platform/assert.ts';
import { accountLoader } from '../account/account.loader.ts';
import type { AccountService } from '../account/account.service.ts';
import { AccountType, toAccount } from '../account/account.type.ts';
import { accountFor } from '../account/caller.policy.ts';
import { allocationLoader } from './ledger.loader.ts';
import { CreditAllocationType, CreditTransactionType } from './ledger.type.ts';
import type { LedgerHistoryService } from './ledger-history.service.ts';

/** What an entry explains of itself: whose it is, and which grants it touched. */
@Resolver(() => CreditTransactionType)
export class CreditTransactionResolver {
  readonly #accounts: AccountService;
  readonly #history: LedgerHistoryService;
  readonly #accountLoader = perRequest(() => accountLoader(this.#accounts));
  readonly #allocationLoader = perRequest(() => allocationLoader(this.#history));

  constructor(accounts: AccountService, history: LedgerHistoryService) {
    this.#accounts = accounts;
    this.#history = history;
  }

  @FieldResolver(() => [CreditAllocationType])
  async allocations(
    @Root() entry: CreditTransactionType,
    @Ctx() ctx: GraphContext,
  ): Promise<CreditAllocationType[]> {
    const allocations = await this.#allocationLoader(ctx).load(entry.key);
    return allocations.map(({ grantId, amountMicro }) =>
      Object.assign(new CreditAllocationType(), { grantId, amount: amountMicro }),
    );
  }

  @FieldResolver(() => AccountType, { description: 'Needs the scope billing:read.' })
  async account(
    @Root() entry: CreditTransactionType,
    @Ctx() ctx: GraphContext,
  ): Promise<AccountType> {
    const account = await this.#accountLoader(ctx).load(
      accountFor(ctx.caller, entry.key.accountId, 'read'),
    );
    invariant(account !== null, `account ${entry.key.accountId} exists`);
    return toAccount(account);
  }
}
