import { DomainError } from '../../platform/errors.ts';

/** The account has checked in on this local day already. */
export class AlreadyCheckedIn extends DomainError {
  readonly code = 'ALREADY_CHECKED_IN';
  readonly nextAt: Date;

  constructor(nextAt: Date) {
    super(`Checked in already: the next check-in is possible from ${nextAt.toISOString()}.`);
    this.nextAt = nextAt;
  }
}
