import { Field, ID, ObjectType } from 'type-graphql';
import { connectionType } from '../../graphql/connection.ts';
import { enumOf } from '../../graphql/enums.ts';
import { DateTimeScalar, JsonObjectScalar } from '../../graphql/scalars.ts';
import type { AuditEvent } from './audit.model.ts';

const AuditActorKindEnum = enumOf('AuditActorKind', ['ADMIN', 'MASTER']);

@ObjectType('AuditEvent', {
  description:
    'What an administrator, or whoever deals with keys, did. Never changed, never deleted.',
})
export class AuditEventType {
  @Field(() => ID)
  id!: string;

  @Field(() => DateTimeScalar)
  at!: Date;

  @Field(() => String, { description: "The mutation's name." })
  action!: string;

  @Field(() => AuditActorKindEnum)
  actorKind!: string;

  @Field(() => String, {
    description: 'The id of the key; "settings" for the ADMIN_KEY of the environment.',
  })
  actorKeyId!: string;

  @Field(() => ID, { nullable: true, description: 'The account that it was about.' })
  accountId!: string | null;

  @Field(() => JsonObjectScalar, { description: 'What was sent, without secrets.' })
  input!: Readonly<Record<string, unknown>>;

  @Field(() => String, { description: 'DONE, or the code of the refusal.' })
  outcome!: string;

  @Field(() => String)
  requestId!: string;
}

/** An event as administrators see it. */
export function toAuditEvent(event: AuditEvent): AuditEventType {
  return Object.assign(new AuditEventType(), event);
}

export const AuditEventConnectionType = connectionType('AuditEvent', () => AuditEventType);
export type AuditEventConnectionType = InstanceType<typeof AuditEventConnectionType>;
