import { Field, ObjectType } from 'type-graphql';
import { BillingErrorType } from '../../graphql/billing-error.ts';
import { refusal } from '../../graphql/refusal.ts';
import { PlanNotAvailable } from './catalog.errors.ts';

@ObjectType('PlanNotAvailable', { implements: BillingErrorType })
export class PlanNotAvailableType extends BillingErrorType {
  @Field(() => String)
  planSlug!: string;
}

export const planNotAvailableRefusal = refusal(PlanNotAvailable, ({ code, message, planSlug }) =>
  Object.assign(new PlanNotAvailableType(), { code, message, planSlug }),
);
