import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { type GraphContext, openedBy } from '../../graphql/context.ts';
import type { Account } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import { AccountType, toAccount } from '../account/account.type.ts';
import { accountFor } from '../account/caller.policy.ts';
import type { LifecycleHistoryService } from './lifecycle-history.service.ts';

interface AccountChangedArgs {
  readonly accountId?: string | null;
}

@Resolver()
export class AccountStreamResolver {
  readonly #accounts: AccountService;
  readonly #history: LifecycleHistoryService;

  constructor(accounts: AccountService, history: LifecycleHistoryService) {
    this.#accounts = accounts;
    this.#history = history;
  }

  @Subscription(() => AccountType, {
    description:
      'The account now, then again after every change of it, its subscription, cards and invoices.',
    subscribe: openedBy(
      () => AccountStreamResolver,
      (resolver, ctx, args: AccountChangedArgs) => resolver.openStream(ctx, args),
    ),
  })
  accountChanged(
    @Root() account: Account,
    @Arg('accountId', () => ID, { nullable: true }) _accountId?: string,
  ): AccountType {
    return toAccount(account);
  }

  async openStream(ctx: GraphContext, { accountId }: AccountChangedArgs) {
    const account = await this.#accounts.account(accountFor(ctx.caller, accountId, 'read'));
    return this.#history.watchAccount(account.id);
  }
}
