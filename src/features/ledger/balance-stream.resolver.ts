import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { type GraphContext, openedBy } from '../../graphql/context.ts';
import { SafeIntScalar } from '../../graphql/scalars.ts';
import { InvalidInput } from '../../platform/errors.ts';
import type { AccountService } from '../account/account.service.ts';
import { accountFor } from '../account/caller.policy.ts';
import type { BalanceStreamService } from './balance-stream.service.ts';
import { CreditBalanceEventType, toCreditBalanceEvent } from './balance-stream.type.ts';
import type { CreditBalanceEvent } from './ledger.model.ts';

interface CreditBalanceChangedArgs {
  readonly accountId?: string | null;
  readonly after?: number | null;
}

@Resolver()
export class BalanceStreamResolver {
  readonly #accounts: AccountService;
  readonly #streams: BalanceStreamService;

  constructor(accounts: AccountService, streams: BalanceStreamService) {
    this.#accounts = accounts;
    this.#streams = streams;
  }

  @Subscription(() => CreditBalanceEventType, {
    description:
      'The balance now, then every change. `after`: the last sequence you have, to resume without a gap.',
    subscribe: openedBy(
      () => BalanceStreamResolver,
      (resolver, ctx, args: CreditBalanceChangedArgs) => resolver.openStream(ctx, args),
    ),
  })
  creditBalanceChanged(
    @Root() event: CreditBalanceEvent,
    @Arg('accountId', () => ID, { nullable: true }) _accountId?: string,
    @Arg('after', () => SafeIntScalar, { nullable: true }) _after?: number,
  ): CreditBalanceEventType {
    return toCreditBalanceEvent(event);
  }

  async openStream(ctx: GraphContext, { accountId, after }: CreditBalanceChangedArgs) {
    const account = await this.#accounts.account(accountFor(ctx.caller, accountId, 'read'));
    if (after !== null && after !== undefined && after < 0)
      throw new InvalidInput('after', 'must not be negative.');
    return this.#streams.watchBalance(
      account.id,
      after === null || after === undefined ? null : BigInt(after),
    );
  }
}
