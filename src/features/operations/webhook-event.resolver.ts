import { Arg, Ctx, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import { toConnection } from '../../graphql/connection.ts';
import type { GraphContext } from '../../graphql/context.ts';
import { ChannelEnum } from '../../graphql/enums.ts';
import type { Channel } from '../../platform/money.ts';
import { requireAdmin } from '../account/caller.policy.ts';
import { WEBHOOK_EVENT_CURSOR, type WebhookEventStatus } from './webhook-event.model.ts';
import {
  toWebhookEvent,
  WebhookEventConnectionType,
  WebhookEventStatusEnum,
  WebhookEventType,
} from './webhook-event.type.ts';
import type { WebhookInbox } from './webhook-inbox.service.ts';

@Resolver()
export class WebhookEventResolver {
  readonly #inbox: WebhookInbox;

  constructor(inbox: WebhookInbox) {
    this.#inbox = inbox;
  }

  @Query(() => WebhookEventConnectionType, {
    description: 'Administrators: what providers announced, the last received first.',
  })
  async webhookEvents(
    @Ctx() ctx: GraphContext,
    @Arg('first', () => Int, { nullable: true }) first?: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
    @Arg('status', () => WebhookEventStatusEnum, { nullable: true }) status?: WebhookEventStatus,
    @Arg('channel', () => ChannelEnum, { nullable: true }) channel?: Channel,
  ): Promise<WebhookEventConnectionType> {
    requireAdmin(ctx.caller);
    const filter = { status: status ?? null, channel: channel ?? null };
    return toConnection(WebhookEventConnectionType, {
      page: await this.#inbox.events(filter, { first, after }),
      cursorKind: WEBHOOK_EVENT_CURSOR,
      position: ({ id }) => id,
      node: toWebhookEvent,
      count: () => this.#inbox.eventCount(filter),
    });
  }

  @Mutation(() => WebhookEventType, {
    description:
      'Administrators: works on an event anew, whatever became of it. What it did already is not done twice.',
  })
  async replayWebhookEvent(
    @Ctx() ctx: GraphContext,
    @Arg('id', () => ID) id: string,
  ): Promise<WebhookEventType> {
    requireAdmin(ctx.caller);
    return toWebhookEvent(await this.#inbox.replay(id));
  }
}
