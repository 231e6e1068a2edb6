import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { type GraphContext, perRequest } from '../../graphql/context.ts';
import { AccountType } from '../account/account.type.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import { PlanType, toPlan } from '../catalog/catalog.type.ts';
import { subscriptionLoader } from './subscription.loader.ts';
import { isLive } from './subscription.policy.ts';
import type { SubscriptionService } from './subscription.service.ts';
import { PlanSubscriptionType, toPlanSubscription } from './subscription.type.ts';

@Resolver(() => AccountType)
export class SubscriptionResolver {
  readonly #subscriptions: SubscriptionService;
  readonly #catalog: CatalogService;
  readonly #loader = perRequest(() => subscriptionLoader(this.#subscriptions));

  constructor(subscriptions: SubscriptionService, catalog: CatalogService) {
    this.#subscriptions = subscriptions;
    this.#catalog = catalog;
  }

  @FieldResolver(() => PlanSubscriptionType, {
    nullable: true,
    description: 'The live subscription, or else the last one; null: there never was one.',
  })
  async subscription(
    @Root() account: AccountType,
    @Ctx() ctx: GraphContext,
  ): Promise<PlanSubscriptionType | null> {
    const found = await this.#loader(ctx).load(account.id);
    return found === null ? null : toPlanSubscription(found);
  }

  @FieldResolver(() => PlanType, {
    description: "The live subscription's plan, else the default plan.",
  })
  async plan(@Root() account: AccountType, @Ctx() ctx: GraphContext): Promise<PlanType> {
    const found = await this.#loader(ctx).load(account.id);
    const subscribed =
      found !== null && isLive(found.status) ? await this.#catalog.planById(found.planId) : null;
    return toPlan(subscribed ?? (await this.#catalog.defaultPlan()));
  }
}
