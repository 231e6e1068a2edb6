import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { type GraphContext, perRequest } from '../../graphql/context.ts';
import { orRefusal } from '../../graphql/refusal.ts';
import type { AccountService } from '../account/account.service.ts';
import {
  AccountType,
  accountBlockedRefusal,
  idempotencyConflictRefusal,
  notAllowedNowRefusal,
  toAccount,
} from '../account/account.type.ts';
import { accountFor } from '../account/caller.policy.ts';
import type { CardRequestService } from './card-request.service.ts';
import { paymentMethodLoader } from './payment-method.loader.ts';
import type { PaymentMethodService } from './payment-method.service.ts';
import {
  AttachPaymentMethodInput,
  AttachPaymentMethodPayload,
  AttachPaymentMethodResult,
  CreateSetupIntentInput,
  CreateSetupIntentPayload,
  CreateSetupIntentResult,
  DetachPaymentMethodInput,
  DetachPaymentMethodPayload,
  DetachPaymentMethodResult,
  PaymentMethodType,
  toPaymentMethod,
} from './payment-method.type.ts';
import { channelUnsupportedRefusal, paymentDeclinedRefusal } from './payment-refusal.type.ts';

const SETUP_REFUSALS = [
  channelUnsupportedRefusal,
  accountBlockedRefusal,
  idempotencyConflictRefusal,
] as const;
const ATTACH_REFUSALS = [...SETUP_REFUSALS, paymentDeclinedRefusal] as const;
const DETACH_REFUSALS = [notAllowedNowRefusal] as const;

@Resolver(() => AccountType)
export class PaymentMethodResolver {
  readonly #accounts: AccountService;
  readonly #cardRequests: CardRequestService;
  readonly #paymentMethods: PaymentMethodService;
  readonly #loader = perRequest(() => paymentMethodLoader(this.#paymentMethods));

  constructor(
    accounts: AccountService,
    cardRequests: CardRequestService,
    paymentMethods: PaymentMethodService,
  ) {
    this.#accounts = accounts;
    this.#cardRequests = cardRequests;
    this.#paymentMethods = paymentMethods;
  }

  @FieldResolver(() => [PaymentMethodType], {
    description: 'What it can be charged with, the default first.',
  })
  async paymentMethods(
    @Root() account: AccountType,
    @Ctx() ctx: GraphContext,
  ): Promise<PaymentMethodType[]> {
    return (await this.#loader(ctx).load(account.id)).map(toPaymentMethod);
  }

  @FieldResolver(() => Boolean)
  async hasPaymentMethod(@Root() account: AccountType, @Ctx() ctx: GraphContext): Promise<boolean> {
    return (await this.#loader(ctx).load(account.id)).length > 0;
  }

  @Mutation(() => CreateSetupIntentResult, {
    description:
      "Begins to save a card, whose number only the provider and its owner's browser see.",
  })
  createSetupIntent(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => CreateSetupIntentInput) input: CreateSetupIntentInput,
  ): Promise<typeof CreateSetupIntentResult> {
    const { channel = null, idempotencyKey } = input;
    const begin = async () => {
      const accountId = accountFor(ctx.caller, input.accountId, 'buy');
      const wish = { accountId, channel, idempotencyKey };
      const begun = await this.#cardRequests.createSetupIntent(wish);
      return Object.assign(new CreateSetupIntentPayload(), begun);
    };
    return orRefusal(begin(), SETUP_REFUSALS);
  }

  @Mutation(() => AttachPaymentMethodResult, {
    description: 'Saves a payment method and charges it from now on.',
  })
  attachPaymentMethod(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => AttachPaymentMethodInput) input: AttachPaymentMethodInput,
  ): Promise<typeof AttachPaymentMethodResult> {
    const { paymentMethodId, idempotencyKey } = input;
    const attach = async () => {
      const accountId = accountFor(ctx.caller, input.accountId, 'buy');
      const wish = { accountId, paymentMethodId, idempotencyKey };
      const method = await this.#cardRequests.attachPaymentMethod(wish);
      return Object.assign(new AttachPaymentMethodPayload(), {
        paymentMethod: toPaymentMethod(method),
        account: toAccount(await this.#accounts.account(accountId)),
      });
    };
    return orRefusal(attach(), ATTACH_REFUSALS);
  }

  @Mutation(() => DetachPaymentMethodResult, {
    description: 'Takes a payment method away; not one that a subscription is charged to.',
  })
  detachPaymentMethod(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => DetachPaymentMethodInput) input: DetachPaymentMethodInput,
  ): Promise<typeof DetachPaymentMethodResult> {
    const detach = async () => {
      const accountId = accountFor(ctx.caller, input.accountId, 'change');
      await this.#paymentMethods.detach(accountId, input.paymentMethodId);
      const account = toAccount(await this.#accounts.account(accountId));
      return Object.assign(new DetachPaymentMethodPayload(), { account });
    };
    return orRefusal(detach(), DETACH_REFUSALS);
  }
}
