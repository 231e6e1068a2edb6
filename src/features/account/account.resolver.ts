import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, ID, Info, Query, Resolver, Root } from 'type-graphql';
import { fieldsAskedFor } from '../../graphql/asks-for.ts';
import type { GraphContext } from '../../graphql/context.ts';
import { type Clock, reckoned } from '../../platform/clock.ts';
import { InvalidInput, NotFound } from '../../platform/errors.ts';
import { canDeploy, canExecute } from './account.policy.ts';
import type { AccountService } from './account.service.ts';
import { AccountType, toAccount } from './account.type.ts';
import type { AccountPartsService } from './account-parts.service.ts';
import { accountFor, requireAdmin } from './caller.policy.ts';

@Resolver(() => AccountType)
export class AccountResolver {
  readonly #accounts: AccountService;
  readonly #parts: AccountPartsService;
  readonly #clock: Clock;

  constructor(accounts: AccountService, parts: AccountPartsService, clock: Clock) {
    this.#accounts = accounts;
    this.#parts = parts;
    this.#clock = clock;
  }

  @Query(() => AccountType, {
    nullable: true,
    description: "The key's own account; for an administrator the one with this id or external id.",
  })
  async account(
    @Ctx() ctx: GraphContext,
    @Info() info: GraphQLResolveInfo,
    @Arg('id', () => ID, { nullable: true }) id?: string,
    @Arg('externalId', () => String, { nullable: true }) externalId?: string,
  ): Promise<AccountType> {
    if (id && externalId)
      throw new InvalidInput('externalId', 'and id exclude each other: give one.');
    if (!externalId) {
      const accountId = accountFor(ctx.caller, id, 'read');
      const { account, parts } = await this.#parts.account(accountId, fieldsAskedFor(info));
      return toAccount(account, parts);
    }
    const found = await this.#accounts.findByExternalId(externalId);
    if (ctx.caller.kind === 'admin') requireAdmin(ctx.caller);
    else accountFor(ctx.caller, found?.id ?? 'unknown', 'read');
    if (found === null) throw new NotFound('Account');
    return toAccount(found);
  }

  @FieldResolver(() => Boolean, { description: 'Existing work may run now.' })
  canExecute(@Root() { status, blockedAt }: AccountType): boolean {
    return reckoned(this.#clock, (now) => canExecute({ status, blockedAt }, now));
  }

  @FieldResolver(() => Boolean, { description: 'Something new may be deployed now.' })
  canDeploy(@Root() { status, statusSince, statusEndsAt, blockedAt }: AccountType): boolean {
    const standing = { status, statusSince, statusEndsAt, blockedAt };
    return reckoned(this.#clock, (now) => canDeploy(standing, now));
  }
}
