import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { GraphContext } from '../../graphql/context.ts';
import { invariant } from '../../platform/assert.ts';
import type { AccountService } from './account.service.ts';
import { accountFor } from './caller.policy.ts';
import type { ClientTokenService } from './client-token.service.ts';
import { CreateClientTokenInput, CreateClientTokenPayload } from './client-token.type.ts';

@Resolver()
export class ClientTokenResolver {
  readonly #accounts: AccountService;
  readonly #tokens: ClientTokenService;

  constructor(accounts: AccountService, tokens: ClientTokenService) {
    this.#accounts = accounts;
    this.#tokens = tokens;
  }

  @Mutation(() => CreateClientTokenPayload, {
    description:
      'A token for the account’s browsers: it may read, check out, recharge, open the portal, save a card and check in, for some minutes.',
  })
  async createClientToken(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => CreateClientTokenInput) input: CreateClientTokenInput,
  ): Promise<CreateClientTokenPayload> {
    const accountId = accountFor(ctx.caller, input.accountId, 'manage');
    const { id } = await this.#accounts.account(accountId);
    invariant(ctx.caller.kind !== 'anonymous', 'whoever manages an account is known');
    return this.#tokens.mint(id, ctx.caller.keyId, input.ttlSeconds ?? null);
  }
}
