import { DomainError } from '../../platform/errors.ts';

/** The plan, or this price of it, cannot be bought; `planSlug` is the plan that was asked for. */
export class PlanNotAvailable extends DomainError {
  readonly code = 'PLAN_NOT_AVAILABLE';
  readonly planSlug: string;

  constructor(planSlug: string, reason: string) {
    super(`The plan "${planSlug}" is not available: ${reason}`, { planSlug });
    this.planSlug = planSlug;
  }
}
