import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { GraphContext } from '../../graphql/context.ts';
import type { RequestLoader } from '../../graphql/gathered-loader.ts';
import { AccountType } from '../account/account.type.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import { PlanType, toPlan } from '../catalog/catalog.type.ts';
import { subscriptionLoader } from './subscription.loader.ts';
import type { PlanSubscription } from './subscription.model.ts';
import { isLive } from './subscription.policy.ts';
import type { SubscriptionService } from './subscription.service.ts';
import { PlanSubscriptionType, toPlanSubscription } from './subscription.type.ts';

@Resolver(() => AccountType)
export class SubscriptionResolver {
  readonly #service: SubscriptionService;
  readonly #catalog: CatalogService;
  readonly #subscriptions: RequestLoader<PlanSubscription>;

  constructor(subscriptions: SubscriptionService, catalog: CatalogService) {
    this.#service = subscriptions;
    this.#subscriptions = subscriptionLoader(subscriptions);
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
    const found = await this.#subscriptionOf(account, ctx);
    return found === null ? null : toPlanSubscription(found);
  }

  @FieldResolver(() => PlanType, {
    description: "The live subscription's plan, else the default plan.",
  })
  async plan(@Root() account: AccountType, @Ctx() ctx: GraphContext): Promise<PlanType> {
    const found = await this.#subscriptionOf(account, ctx);
    const subscribed =
      found !== null && isLive(found.status) ? await this.#catalog.planById(found.planId) : null;
    return toPlan(subscribed ?? (await this.#catalog.defaultPlan()));
  }

  async #subscriptionOf(account: AccountType, ctx: GraphContext): Promise<PlanSubscription | null> {
    const along = this.#service.readAlong(account.parts);
    if (along !== undefined) return along.value;
    return (await this.#subscriptions(ctx).load(account.id)) ?? null;
  }
}
