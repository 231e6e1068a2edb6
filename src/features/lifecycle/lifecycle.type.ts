import { Field, ObjectType } from 'type-graphql';
import { connectionType } from '../../graphql/connection.ts';
import { DateTimeScalar } from '../../graphql/scalars.ts';
import type { AccountStatus } from '../account/account.model.ts';
import { AccountStatusEnum } from '../account/account.type.ts';
import type { RecordedTransition } from './lifecycle.model.ts';

@ObjectType('LifecycleTransition', { description: "One step of an account's life." })
export class LifecycleTransitionType {
  @Field(() => AccountStatusEnum, { nullable: true, description: 'Null for the first status.' })
  from!: AccountStatus | null;

  @Field(() => AccountStatusEnum)
  to!: AccountStatus;

  @Field(() => String, { description: 'Why, such as TRIAL_TIME_OVER or PAYMENT_FAILED.' })
  trigger!: string;

  @Field(() => DateTimeScalar)
  at!: Date;
}

/** A step as clients see it. */
export function toTransition(transition: RecordedTransition): LifecycleTransitionType {
  const { from, to, trigger, at } = transition;
  return Object.assign(new LifecycleTransitionType(), { from, to, trigger, at });
}

export const LifecycleTransitionConnectionType = connectionType(
  'LifecycleTransition',
  () => LifecycleTransitionType,
);
export type LifecycleTransitionConnectionType = InstanceType<
  typeof LifecycleTransitionConnectionType
>;
