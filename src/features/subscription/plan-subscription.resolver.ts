import { FieldResolver, Resolver, Root } from 'type-graphql';
import { invariant } from '../../platform/assert.ts';
import type { CatalogService } from '../catalog/catalog.service.ts';
import { PlanType, toPlan } from '../catalog/catalog.type.ts';
import { PlanSubscriptionType } from './subscription.type.ts';

@Resolver(() => PlanSubscriptionType)
export class PlanSubscriptionResolver {
  readonly #catalog: CatalogService;

  constructor(catalog: CatalogService) {
    this.#catalog = catalog;
  }

  @FieldResolver(() => PlanType)
  async plan(@Root() subscription: PlanSubscriptionType): Promise<PlanType> {
    const plan = await this.#catalog.planById(subscription.planId);
    invariant(plan !== null, `plan ${subscription.planId} exists`);
    return toPlan(plan);
  }
}
