import { DomainError } from '../../platform/errors.ts';

/** The plan cannot be bought: unknown, no longer sold, or not sold so. `planSlug` is what was asked for. */
export class PlanNotAvailable extends DomainError {
  readonly code = 'PLAN_NOT_AVAILABLE';
  readonly planSlug: string;

  constructor(planSlug: string, why: string) {
    super(`The plan "${planSlug}" cannot be bought: ${why}`, { planSlug });
    this.planSlug = planSlug;
  }
}
