import { DomainError } from '../../platform/errors.ts';
import { formatCredits } from '../../platform/money.ts';

/** The account has less than it wants to spend. Amounts in micro-credits. */
export class InsufficientCredits extends DomainError {
  readonly code = 'INSUFFICIENT_CREDITS';
  readonly requiredMicro: bigint;
  readonly availableMicro: bigint;

  constructor(requiredMicro: bigint, availableMicro: bigint) {
    super(
      `${formatCredits(requiredMicro)} credits are needed, ${formatCredits(availableMicro)} are available.`,
    );
    this.requiredMicro = requiredMicro;
    this.availableMicro = availableMicro;
  }
}
