import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { type GraphContext, perRequest } from '../../graphql/context.ts';
import { invariant } from '../../platform/assert.ts';
import { grantLoader } from './ledger.loader.ts';
import { CreditAllocationType, CreditGrantType, toCreditGrant } from './ledger.type.ts';
import type { LedgerHistoryService } from './ledger-history.service.ts';

@Resolver(() => CreditAllocationType)
export class CreditAllocationResolver {
  readonly #history: LedgerHistoryService;
  readonly #grants = perRequest(() => grantLoader(this.#history));

  constructor(history: LedgerHistoryService) {
    this.#history = history;
  }

  @FieldResolver(() => CreditGrantType)
  async grant(
    @Root() allocation: CreditAllocationType,
    @Ctx() ctx: GraphContext,
  ): Promise<CreditGrantType> {
    const grant = await this.#grants(ctx).load(allocation.grantId);
    invariant(grant !== null, `grant ${allocation.grantId} exists`);
    return toCreditGrant(grant);
  }
}
