import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { GraphContext } from '../../graphql/context.ts';
import { ChannelEnum } from '../../graphql/enums.ts';
import type { Channel } from '../../platform/money.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import { requireAdmin } from '../account/caller.policy.ts';
import type { CatalogService } from './catalog.service.ts';
import { CreditPackageType, PlanType, toCreditPackage, toPlan } from './catalog.type.ts';

type Providers = ReadonlyMap<Channel, Pick<PaymentProvider, 'publishableKey'>>;

@Resolver(() => PlanType)
export class CatalogResolver {
  readonly #catalog: CatalogService;
  readonly #providers: Providers;

  constructor(catalog: CatalogService, providers: Providers) {
    this.#catalog = catalog;
    this.#providers = providers;
  }

  @Query(() => [PlanType], {
    description: 'The plans that are sold. Administrators may ask for the others too.',
  })
  async plans(
    @Ctx() ctx: GraphContext,
    @Arg('includeInactive', () => Boolean, { nullable: true }) includeInactive?: boolean,
  ): Promise<PlanType[]> {
    if (includeInactive) requireAdmin(ctx.caller);
    return (await this.#catalog.plans(includeInactive ?? false)).map(toPlan);
  }

  @Query(() => PlanType, {
    nullable: true,
    description: 'The plan that is sold under this slug; for administrators any plan.',
  })
  async plan(
    @Ctx() ctx: GraphContext,
    @Arg('slug', () => String) slug: string,
  ): Promise<PlanType | null> {
    const plan = await this.#catalog.planBySlug(slug);
    const isShown = plan !== null && (plan.isActive || ctx.caller.kind === 'admin');
    return isShown ? toPlan(plan) : null;
  }

  @Query(() => [CreditPackageType], { description: 'The credit packages that are sold.' })
  async creditPackages(): Promise<CreditPackageType[]> {
    return (await this.#catalog.packages()).map(toCreditPackage);
  }

  @Query(() => String, {
    nullable: true,
    description:
      "What a browser needs to talk to the payment provider itself (Stripe's, when none is named); null where there is none.",
  })
  publishableKey(
    @Arg('channel', () => ChannelEnum, { nullable: true }) channel?: Channel,
  ): string | null {
    return this.#providers.get(channel ?? 'STRIPE')?.publishableKey ?? null;
  }

  @FieldResolver(() => String, { nullable: true, description: 'Administrators only, else null.' })
  stripeMonthlyPriceId(@Root() plan: PlanType, @Ctx() ctx: GraphContext): string | null {
    return ctx.caller.kind === 'admin' ? plan.providerIds.stripeMonthlyPriceId : null;
  }

  @FieldResolver(() => String, { nullable: true, description: 'Administrators only, else null.' })
  stripeYearlyPriceId(@Root() plan: PlanType, @Ctx() ctx: GraphContext): string | null {
    return ctx.caller.kind === 'admin' ? plan.providerIds.stripeYearlyPriceId : null;
  }

  @FieldResolver(() => String, { nullable: true, description: 'Administrators only, else null.' })
  creemProductId(@Root() plan: PlanType, @Ctx() ctx: GraphContext): string | null {
    return ctx.caller.kind === 'admin' ? plan.providerIds.creemProductId : null;
  }
}
