import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql';
import type { GraphContext } from '../../graphql/context.ts';
import { requireAdmin } from '../account/caller.policy.ts';
import type { PlanManager } from './catalog.model.ts';
import { PlanManagerEnum, PlanType, toPlan } from './catalog.type.ts';
import type { PlanAdministration } from './plan-administration.service.ts';
import { CreatePlanInput, toAllowance, toWording, UpdatePlanInput } from './plan-input.type.ts';

@Resolver(() => PlanType)
export class PlanAdministrationResolver {
  readonly #plans: PlanAdministration;

  constructor(plans: PlanAdministration) {
    this.#plans = plans;
  }

  @Mutation(() => PlanType, {
    description:
      'Administrators: makes a plan, which the catalogue file has no say in. Its prices are made at the provider shortly after.',
  })
  async createPlan(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => CreatePlanInput) input: CreatePlanInput,
  ): Promise<PlanType> {
    requireAdmin(ctx.caller);
    const { slug, name } = input;
    const monthlyCredits = toAllowance('monthlyCredits', input.monthlyCredits);
    return toPlan(
      await this.#plans.createPlan({ ...toWording(input), slug, name, monthlyCredits }),
    );
  }

  @Mutation(() => PlanType, {
    description:
      "Administrators: changes a plan, which is theirs and no longer the catalogue file's from then on. What was sold stays as it was.",
  })
  async updatePlan(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => UpdatePlanInput) input: UpdatePlanInput,
  ): Promise<PlanType> {
    requireAdmin(ctx.caller);
    const name = input.name ?? undefined;
    const monthlyCredits = toAllowance('monthlyCredits', input.monthlyCredits);
    return toPlan(
      await this.#plans.updatePlan(input.id, { ...toWording(input), name, monthlyCredits }),
    );
  }

  @Mutation(() => PlanType, {
    description:
      'Administrators: lets the catalogue file decide again what a plan is. A plan that the file does not have is no longer sold.',
  })
  async returnPlanToFile(
    @Ctx() ctx: GraphContext,
    @Arg('id', () => ID) id: string,
  ): Promise<PlanType> {
    requireAdmin(ctx.caller);
    return toPlan(await this.#plans.returnToFile(id));
  }

  @FieldResolver(() => PlanManagerEnum, {
    nullable: true,
    description: 'Who decides what the plan is. Administrators only, else null.',
  })
  managedBy(@Root() plan: PlanType, @Ctx() ctx: GraphContext): PlanManager | null {
    return ctx.caller.kind === 'admin' ? plan.manager : null;
  }
}
