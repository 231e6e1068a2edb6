import { Arg, Ctx, Int, Mutation, Query, Resolver } from 'type-graphql';
import { toConnection } from '../../graphql/connection.ts';
import type { GraphContext } from '../../graphql/context.ts';
import { ACCOUNT_CURSOR, type AccountStatus } from './account.model.ts';
import type { AccountService } from './account.service.ts';
import {
  AccountConnectionType,
  AccountStatusEnum,
  AccountType,
  toAccount,
} from './account.type.ts';
import { UpdateAccountInput } from './account-input.type.ts';
import { requireAdmin } from './caller.policy.ts';

@Resolver()
export class AccountAdministrationResolver {
  readonly #accounts: AccountService;

  constructor(accounts: AccountService) {
    this.#accounts = accounts;
  }

  @Query(() => AccountConnectionType, {
    description: 'Administrators: the accounts, newest first.',
  })
  async accounts(
    @Ctx() ctx: GraphContext,
    @Arg('first', () => Int, { nullable: true }) first?: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
    @Arg('status', () => AccountStatusEnum, { nullable: true }) status?: AccountStatus,
    @Arg('search', () => String, {
      nullable: true,
      description: 'A part of the name, the email or the external id, in capitals or not.',
    })
    search?: string,
  ): Promise<AccountConnectionType> {
    requireAdmin(ctx.caller);
    const filter = { status: status ?? null, search: search || null };
    return toConnection(AccountConnectionType, {
      page: await this.#accounts.list(filter, { first, after }),
      cursorKind: ACCOUNT_CURSOR,
      position: ({ id }) => id,
      node: toAccount,
      count: () => this.#accounts.count(filter),
    });
  }

  @Mutation(() => AccountType, {
    description: 'Administrators: changes what an account is called; what is left out stays.',
  })
  async updateAccount(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => UpdateAccountInput) input: UpdateAccountInput,
  ): Promise<AccountType> {
    requireAdmin(ctx.caller);
    const { accountId, name, email, timeZone } = input;
    const change = { name: name ?? undefined, email, timeZone: timeZone ?? undefined };
    return toAccount(await this.#accounts.updateAccount(accountId, change));
  }
}
