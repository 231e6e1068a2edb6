import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import type { GraphContext } from '../../graphql/context.ts';
import { concerns } from '../../platform/database/companion.ts';
import { InvalidInput, NotFound } from '../../platform/errors.ts';
import type { AccountService } from './account.service.ts';
import type { ApiKeyService } from './api-key.service.ts';
import { ApiKeyType, CreateApiKeyInput, CreateApiKeyPayload, toApiKey } from './api-key.type.ts';
import { accountFor, requireAdmin, sees } from './caller.policy.ts';

@Resolver()
export class ApiKeyResolver {
  readonly #accounts: AccountService;
  readonly #apiKeys: ApiKeyService;

  constructor(accounts: AccountService, apiKeys: ApiKeyService) {
    this.#accounts = accounts;
    this.#apiKeys = apiKeys;
  }

  @Query(() => [ApiKeyType], {
    description:
      "The account's keys, oldest first, revoked ones too. Without an account: the administrators'.",
  })
  async apiKeys(
    @Ctx() ctx: GraphContext,
    @Arg('accountId', () => ID, { nullable: true }) accountId?: string,
  ): Promise<ApiKeyType[]> {
    const ofAdmins = ctx.caller.kind === 'admin' && !accountId;
    const owner = ofAdmins
      ? null
      : (await this.#accounts.account(accountFor(ctx.caller, accountId, 'manage'))).id;
    return (await this.#apiKeys.keys(owner)).map(toApiKey);
  }

  @Mutation(() => CreateApiKeyPayload)
  async createApiKey(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => CreateApiKeyInput) input: CreateApiKeyInput,
  ): Promise<CreateApiKeyPayload> {
    const { kind, name, scopes, agentId } = input;
    if (kind === 'ADMIN') requireAdmin(ctx.caller);
    if (kind === 'ADMIN' && input.accountId)
      throw new InvalidInput('accountId', 'is not for admin keys.');
    const accountId =
      kind === 'ADMIN'
        ? null
        : (await this.#accounts.account(accountFor(ctx.caller, input.accountId, 'manage'))).id;
    const made = await this.#apiKeys.createKey({
      kind,
      accountId,
      name,
      scopes: scopes ?? [],
      agentId: agentId ?? null,
    });
    return { apiKey: toApiKey(made.apiKey), secret: made.secret };
  }

  @Mutation(() => ApiKeyType, {
    description: 'The key stops working at once, and its sockets are closed.',
  })
  async revokeApiKey(
    @Ctx() ctx: GraphContext,
    @Arg('id', () => ID) id: string,
  ): Promise<ApiKeyType> {
    if (ctx.caller.kind !== 'admin') accountFor(ctx.caller, null, 'manage');
    const key = await this.#apiKeys.key(id);
    const own = key.accountId ? sees(ctx.caller, key.accountId) : ctx.caller.kind === 'admin';
    if (!own) throw new NotFound('API key');
    if (key.accountId) concerns(key.accountId);
    return toApiKey(await this.#apiKeys.revokeKey(key.id));
  }
}
