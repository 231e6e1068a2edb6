import { Field, ID, Int, ObjectType } from 'type-graphql';
import { connectionType } from '../../graphql/connection.ts';
import { ChannelEnum, enumOf } from '../../graphql/enums.ts';
import { DateTimeScalar } from '../../graphql/scalars.ts';
import type { Channel } from '../../platform/money.ts';
import type { WebhookEvent, WebhookEventStatus } from './webhook-event.model.ts';

export const WebhookEventStatusEnum = enumOf(
  'WebhookEventStatus',
  ['RECEIVED', 'PROCESSED', 'IGNORED', 'FAILED', 'DEAD'],
  'FAILED will be tried again; DEAD has used up its attempts and waits for an administrator.',
);

@ObjectType('WebhookEvent', { description: "A provider's webhook as it was received." })
export class WebhookEventType {
  @Field(() => ID)
  id!: string;

  @Field(() => ChannelEnum)
  channel!: Channel;

  @Field(() => String)
  providerEventId!: string;

  @Field(() => String)
  type!: string;

  @Field(() => WebhookEventStatusEnum)
  status!: WebhookEventStatus;

  @Field(() => Int, { description: 'How often it was begun since it was received or replayed.' })
  attempts!: number;

  @Field(() => String, {
    nullable: true,
    description: 'What the last attempt failed with, or why the event was ignored.',
  })
  lastError!: string | null;

  @Field(() => DateTimeScalar)
  receivedAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true })
  processedAt!: Date | null;
}

/** A webhook as administrators see it: its body stays in the inbox. */
export function toWebhookEvent(event: WebhookEvent): WebhookEventType {
  return Object.assign(new WebhookEventType(), event);
}

export const WebhookEventConnectionType = connectionType('WebhookEvent', () => WebhookEventType);
export type WebhookEventConnectionType = InstanceType<typeof WebhookEventConnectionType>;
