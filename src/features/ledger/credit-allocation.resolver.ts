import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { GraphContext } from '../../graphql/context.ts';
import type { RequestLoader } from '../../graphql/gathered-loader.ts';
import { invariant } from '../../platform/assert.ts';
import { grantLoader } from './ledger.loader.ts';
import type { CreditGrant } from './ledger.model.ts';
import { CreditAllocationType, CreditGrantType, toCreditGrant } from './ledger.type.ts';
import type { LedgerHistoryService } from './ledger-history.service.ts';

@Resolver(() => CreditAllocationType)
export class CreditAllocationResolver {
  readonly #grants: RequestLoader<CreditGrant>;

  constructor(history: LedgerHistoryService) {
    this.#grants = grantLoader(history);
  }

  @FieldResolver(() => CreditGrantType)
  grant(
    @Root() { grantId, readGrant }: CreditAllocationType,
    @Ctx() ctx: GraphContext,
  ): CreditGrantType | Promise<CreditGrantType> {
    return readGrant === null ? this.#load(grantId, ctx) : toCreditGrant(readGrant);
  }

  async #load(grantId: string, ctx: GraphContext): Promise<CreditGrantType> {
    const grant = await this.#grants(ctx).load(grantId);
    invariant(grant !== undefined, `grant ${grantId} exists`);
    return toCreditGrant(grant);
  }
}
