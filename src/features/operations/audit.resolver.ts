import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';
import { toConnection } from '../../graphql/connection.ts';
import type { GraphContext } from '../../graphql/context.ts';
import { requireAdmin } from '../account/caller.policy.ts';
import { AUDIT_CURSOR } from './audit.model.ts';
import type { AuditService } from './audit.service.ts';
import { AuditEventConnectionType, toAuditEvent } from './audit.type.ts';

@Resolver()
export class AuditResolver {
  readonly #audit: AuditService;

  constructor(audit: AuditService) {
    this.#audit = audit;
  }

  @Query(() => AuditEventConnectionType, {
    description: 'Administrators: who did what, newest first.',
  })
  async auditEvents(
    @Ctx() ctx: GraphContext,
    @Arg('first', () => Int, { nullable: true }) first?: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
    @Arg('accountId', () => ID, { nullable: true }) accountId?: string,
    @Arg('action', () => String, { nullable: true, description: "A mutation's name." })
    action?: string,
  ): Promise<AuditEventConnectionType> {
    requireAdmin(ctx.caller);
    const filter = { accountId: accountId ?? null, action: action ?? null };
    return toConnection(AuditEventConnectionType, {
      page: await this.#audit.events(filter, { first, after }),
      cursorKind: AUDIT_CURSOR,
      position: ({ id }) => id,
      node: toAuditEvent,
      count: () => this.#audit.count(filter),
    });
  }
}
