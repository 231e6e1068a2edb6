import { Arg, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { toConnection } from '../../graphql/connection.ts';
import { type Clock, reckoned } from '../../platform/clock.ts';
import type { AccountStatus } from '../account/account.model.ts';
import { AccountStatusEnum, AccountType } from '../account/account.type.ts';
import type { Catalogue } from '../catalog/catalog.model.ts';
import { nextStatuses } from './lifecycle.machine.ts';
import { daysUntil } from './lifecycle.policy.ts';
import { LifecycleTransitionConnectionType, toTransition } from './lifecycle.type.ts';
import type { LifecycleHistoryService } from './lifecycle-history.service.ts';

/** Where an account stands in its life. */
@Resolver(() => AccountType)
export class LifecycleAccountResolver {
  readonly #history: LifecycleHistoryService;
  readonly #catalogue: Catalogue;
  readonly #clock: Clock;

  constructor(history: LifecycleHistoryService, catalogue: Catalogue, clock: Clock) {
    this.#history = history;
    this.#catalogue = catalogue;
    this.#clock = clock;
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description: 'Until `statusEndsAt`, a begun day counting whole.',
  })
  daysRemaining(@Root() { statusEndsAt }: AccountType): number | null {
    return reckoned(this.#clock, (now) => daysUntil(statusEndsAt, now));
  }

  @FieldResolver(() => [AccountStatusEnum], { description: 'What may come next.' })
  nextStatuses(@Root() account: AccountType): AccountStatus[] {
    return nextStatuses(this.#catalogue.lifecycle.mode, account.status);
  }

  @FieldResolver(() => LifecycleTransitionConnectionType, { description: 'Newest first.' })
  async transitions(
    @Root() account: AccountType,
    @Arg('first', () => Int, { nullable: true }) first?: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
  ): Promise<LifecycleTransitionConnectionType> {
    return toConnection(LifecycleTransitionConnectionType, {
      page: await this.#history.transitions(account.id, { first, after }),
      cursorKind: 'lifecycle-transition',
      position: ({ sequence }) => BigInt(sequence),
      node: toTransition,
      count: () => this.#history.transitionCount(account.id),
    });
  }
}
