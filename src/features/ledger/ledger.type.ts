import { Field, ID, Int, ObjectType } from 'type-graphql';
import { connectionType } from '../../graphql/connection.ts';
import { CreditsScalar } from '../../graphql/credits-scalar.ts';
import { enumOf } from '../../graphql/enums.ts';
import { DateTimeScalar, JsonObjectScalar, SafeIntScalar } from '../../graphql/scalars.ts';
import {
  CREDIT_TRANSACTION_TYPES,
  type CreditBalance,
  type CreditGrant,
  type CreditGrantSource,
  type ExplainedAllocation,
  type ExplainedTransaction,
  type CreditTransactionType as TransactionKind,
} from './ledger.model.ts';
import { available, promotional } from './ledger.policy.ts';

const CreditGrantSourceEnum = enumOf('CreditGrantSource', [
  'PLAN',
  'PURCHASE',
  'PROMOTION',
  'COUPON',
  'CHECK_IN',
  'ADJUSTMENT',
]);

export const CreditTransactionTypeEnum = enumOf('CreditTransactionType', CREDIT_TRANSACTION_TYPES);

@ObjectType('CreditBalance')
export class CreditBalanceType {
  @Field(() => CreditsScalar, { description: 'Everything there is, held credits included.' })
  total!: bigint;

  @Field(() => CreditsScalar, { description: "What is left of plans' months." })
  planCredits!: bigint;

  @Field(() => CreditsScalar, { description: 'What is left of what was paid for by itself.' })
  purchasedCredits!: bigint;

  @Field(() => CreditsScalar, {
    description: 'Everything else: promotions, coupons, check-ins, adjustments.',
  })
  promotionalCredits!: bigint;

  @Field(() => CreditsScalar, { description: 'Set aside for work in progress.' })
  held!: bigint;

  @Field(() => CreditsScalar, {
    description: 'What can be spent now: total less held, or nothing while something is owed.',
  })
  available!: bigint;

  @Field(() => CreditsScalar, {
    description: 'Refunded credits that were spent already; paid first by the next grant.',
  })
  owed!: bigint;

  @Field(() => SafeIntScalar, {
    description: 'The last entry of the ledger that this balance contains.',
  })
  sequence!: number;

  @Field(() => SafeIntScalar, {
    description: 'Grows with every change, also with those that leave no entry.',
  })
  version!: number;
}

/** A balance as clients see it. */
export function toCreditBalance(balance: CreditBalance): CreditBalanceType {
  return {
    total: balance.totalMicro,
    planCredits: balance.planMicro,
    purchasedCredits: balance.purchasedMicro,
    promotionalCredits: promotional(balance),
    held: balance.heldMicro,
    available: available(balance),
    owed: balance.owedMicro,
    sequence: Number(balance.sequence),
    version: Number(balance.version),
  };
}

@ObjectType('CreditGrant', { description: 'A bucket of credits, and what is left of it.' })
export class CreditGrantType {
  @Field(() => ID)
  id!: string;

  @Field(() => CreditGrantSourceEnum)
  source!: CreditGrantSource;

  @Field(() => CreditsScalar)
  amount!: bigint;

  @Field(() => CreditsScalar)
  remaining!: bigint;

  @Field(() => Int, { description: 'Lower burns first; then the soonest expiry, then the oldest.' })
  priority!: number;

  @Field(() => DateTimeScalar)
  effectiveAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true })
  expiresAt!: Date | null;

  cause!: { readonly kind: string; readonly id: string };
}

/** A grant as clients see it; what caused it stays for the fields that later features add. */
export function toCreditGrant(grant: CreditGrant): CreditGrantType {
  return {
    id: grant.id,
    source: grant.source,
    amount: grant.amountMicro,
    remaining: grant.remainingMicro,
    priority: grant.priority,
    effectiveAt: grant.effectiveAt,
    expiresAt: grant.expiresAt,
    cause: { kind: grant.causeKind, id: grant.causeId },
  };
}

@ObjectType('CreditAllocation', { description: 'The part of an entry that touched one grant.' })
export class CreditAllocationType {
  @Field(() => CreditsScalar, { description: 'Signed, like the entry.' })
  amount!: bigint;

  grantId!: string;

  /** Null: not read yet. */
  readGrant!: CreditGrant | null;
}

@ObjectType('CreditTransaction', {
  description: 'One entry of the ledger: appended once, never changed.',
})
export class CreditTransactionType {
  @Field(() => ID)
  id!: string;

  @Field(() => SafeIntScalar, { description: '1, 2, 3, … within the account, without a gap.' })
  sequence!: number;

  @Field(() => CreditTransactionTypeEnum)
  type!: TransactionKind;

  @Field(() => String, { nullable: true })
  usageType!: string | null;

  @Field(() => CreditsScalar, {
    description: 'Signed: what came in is positive, what went out negative.',
  })
  amount!: bigint;

  @Field(() => CreditsScalar)
  balanceAfter!: bigint;

  @Field(() => String, { nullable: true })
  description!: string | null;

  @Field(() => JsonObjectScalar, { nullable: true })
  metadata!: Readonly<Record<string, unknown>> | null;

  @Field(() => String, { nullable: true })
  idempotencyKey!: string | null;

  @Field(() => DateTimeScalar)
  createdAt!: Date;

  key!: { readonly accountId: string; readonly sequence: bigint };

  /** Null: not read yet. */
  readAllocations!: CreditAllocationType[] | null;
}

/** The part of an entry that touched one grant, as clients see it. */
export function toCreditAllocation(allocation: ExplainedAllocation): CreditAllocationType {
  return {
    amount: allocation.amountMicro,
    grantId: allocation.grantId,
    readGrant: allocation.grant ?? null,
  };
}

/** An entry as clients see it. Its id is the account's with the sequence. */
export function toCreditTransaction(entry: ExplainedTransaction): CreditTransactionType {
  return {
    id: `${entry.accountId}-${entry.sequence}`,
    sequence: Number(entry.sequence),
    type: entry.type,
    usageType: entry.usageType,
    amount: entry.amountMicro,
    balanceAfter: entry.balanceAfterMicro,
    description: entry.description,
    metadata: entry.metadata,
    idempotencyKey: entry.idempotencyKey,
    createdAt: entry.createdAt,
    key: { accountId: entry.accountId, sequence: entry.sequence },
    readAllocations: entry.allocations?.map(toCreditAllocation) ?? null,
  };
}

export const CreditTransactionConnectionType = connectionType(
  'CreditTransaction',
  () => CreditTransactionType,
);
export type CreditTransactionConnectionType = InstanceType<typeof CreditTransactionConnectionType>;

export const CreditGrantConnectionType = connectionType('CreditGrant', () => CreditGrantType);
export type CreditGrantConnectionType = InstanceType<typeof CreditGrantConnectionType>;
