import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { GraphContext } from '../../graphql/context.ts';
import { toAccount } from '../account/account.type.ts';
import { CreateAccountInput, CreateAccountPayload } from '../account/account-input.type.ts';
import { requireAdmin } from '../account/caller.policy.ts';
import type { LifecycleService } from './lifecycle.service.ts';

@Resolver()
export class LifecycleResolver {
  readonly #lifecycle: LifecycleService;

  constructor(lifecycle: LifecycleService) {
    this.#lifecycle = lifecycle;
  }

  @Mutation(() => CreateAccountPayload, {
    description: 'Administrators: makes an account on the default plan.',
  })
  async createAccount(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => CreateAccountInput) input: CreateAccountInput,
  ): Promise<CreateAccountPayload> {
    requireAdmin(ctx.caller);
    const { externalId, name, email = null, timeZone = null, currency = null } = input;
    const { account, masterKey } = await this.#lifecycle.createAccount({
      externalId,
      name,
      email,
      timeZone,
      currency,
    });
    return { account: toAccount(account), masterKey };
  }
}
