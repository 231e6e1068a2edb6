import { Field, ID, ObjectType } from 'type-graphql';
import { BillingErrorType } from '../../graphql/billing-error.ts';
import { connectionType } from '../../graphql/connection.ts';
import { enumOf } from '../../graphql/enums.ts';
import { refusal } from '../../graphql/refusal.ts';
import { CurrencyScalar, DateTimeScalar, TimeZoneScalar } from '../../graphql/scalars.ts';
import { AccountBlocked, IdempotencyConflict, NotAllowedNow } from './account.errors.ts';
import type { Account, AccountStatus } from './account.model.ts';
import type { AccountParts } from './account-parts.model.ts';

export const AccountStatusEnum = enumOf(
  'AccountStatus',
  ['TRIAL', 'PROMO', 'ACTIVE', 'READONLY', 'SUSPENDED', 'DELETED'],
  'Where an account stands in its life.',
);

@ObjectType('Account', { description: 'A paying workspace.' })
export class AccountType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: "The product's own id of this account." })
  externalId!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  email!: string | null;

  @Field(() => TimeZoneScalar, {
    description: 'Periods and check-in days are reckoned in this zone.',
  })
  timeZone!: string;

  @Field(() => CurrencyScalar)
  currency!: string;

  @Field(() => DateTimeScalar)
  createdAt!: Date;

  @Field(() => AccountStatusEnum)
  status!: AccountStatus;

  @Field(() => DateTimeScalar)
  statusSince!: Date;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When the status ends by itself; null: not by time.',
  })
  statusEndsAt!: Date | null;

  blockedAt!: Date | null;

  /** What was read along with it. */
  parts?: AccountParts | undefined;
}

/** An account as clients see it; `parts`: what was read along with it. */
export function toAccount(account: Account, parts?: AccountParts): AccountType {
  return Object.assign(new AccountType(), account, { parts });
}

export const AccountConnectionType = connectionType('Account', () => AccountType);
export type AccountConnectionType = InstanceType<typeof AccountConnectionType>;

@ObjectType('AccountBlocked', {
  implements: BillingErrorType,
  description: "The account's status forbids this now.",
})
export class AccountBlockedType extends BillingErrorType {
  @Field(() => AccountStatusEnum)
  status!: AccountStatus;
}

export const accountBlockedRefusal = refusal(AccountBlocked, (error) =>
  Object.assign(new AccountBlockedType(), {
    code: error.code,
    message: error.message,
    status: error.status,
  }),
);

@ObjectType('NotAllowedNow', {
  implements: BillingErrorType,
  description: 'What was asked for does not fit the present state.',
})
export class NotAllowedNowType extends BillingErrorType {}

export const notAllowedNowRefusal = refusal(NotAllowedNow, ({ code, message }) =>
  Object.assign(new NotAllowedNowType(), { code, message }),
);

@ObjectType('IdempotencyConflict', {
  implements: BillingErrorType,
  description: 'The idempotency key was used before with other input.',
})
export class IdempotencyConflictType extends BillingErrorType {
  @Field(() => String)
  idempotencyKey!: string;
}

export const idempotencyConflictRefusal = refusal(IdempotencyConflict, (error) =>
  Object.assign(new IdempotencyConflictType(), {
    code: error.code,
    message: error.message,
    idempotencyKey: error.idempotencyKey,
  }),
);
