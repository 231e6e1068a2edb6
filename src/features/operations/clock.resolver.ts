import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { GraphContext } from '../../graphql/context.ts';
import { DateTimeScalar } from '../../graphql/scalars.ts';
import { requireAdmin } from '../account/caller.policy.ts';
import type { ClockService } from './clock.service.ts';

@Resolver()
export class ClockResolver {
  readonly #clocks: ClockService;

  constructor(clocks: ClockService) {
    this.#clocks = clocks;
  }

  @Mutation(() => DateTimeScalar, {
    description:
      'Administrators, in sandbox mode only: moves time forward to an instant, letting everything happen on the way, and answers with the time that it is then.',
  })
  advanceClock(
    @Ctx() ctx: GraphContext,
    @Arg('to', () => DateTimeScalar, { description: 'Later than now.' }) to: Date,
  ): Promise<Date> {
    requireAdmin(ctx.caller);
    return this.#clocks.advance(to);
  }
}
