import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, Info, Int, Mutation, Resolver, Root } from 'type-graphql';
import { asksFor } from '../../graphql/asks-for.ts';
import { toConnection } from '../../graphql/connection.ts';
import type { GraphContext } from '../../graphql/context.ts';
import type { RequestLoader } from '../../graphql/gathered-loader.ts';
import { orRefusal } from '../../graphql/refusal.ts';
import { invariant } from '../../platform/assert.ts';
import {
  AccountType,
  accountBlockedRefusal,
  idempotencyConflictRefusal,
} from '../account/account.type.ts';
import { accountFor, requireAdmin } from '../account/caller.policy.ts';
import { balanceLoader } from './ledger.loader.ts';
import {
  type CreditBalance,
  GRANT_CURSOR,
  type LedgerReceipt,
  TRANSACTION_CURSOR,
  type CreditTransactionType as TransactionKind,
} from './ledger.model.ts';
import { explanationFor } from './ledger.policy.ts';
import type { LedgerService } from './ledger.service.ts';
import {
  CreditBalanceType,
  CreditGrantConnectionType,
  CreditTransactionConnectionType,
  CreditTransactionTypeEnum,
  toCreditBalance,
  toCreditGrant,
  toCreditTransaction,
} from './ledger.type.ts';
import type { LedgerHistoryService } from './ledger-history.service.ts';
import {
  AdjustCreditsInput,
  AdjustCreditsResult,
  insufficientCreditsRefusal,
  SpendCreditsInput,
  SpendCreditsPayload,
  SpendCreditsResult,
} from './ledger-result.type.ts';

const SPEND_REFUSALS = [
  insufficientCreditsRefusal,
  accountBlockedRefusal,
  idempotencyConflictRefusal,
];
const ADJUST_REFUSALS = [insufficientCreditsRefusal, idempotencyConflictRefusal];

@Resolver(() => AccountType)
export class LedgerResolver {
  readonly #ledger: LedgerService;
  readonly #history: LedgerHistoryService;
  readonly #balances: RequestLoader<CreditBalance>;

  constructor(ledger: LedgerService, history: LedgerHistoryService) {
    this.#ledger = ledger;
    this.#history = history;
    this.#balances = balanceLoader(ledger);
  }

  @Mutation(() => SpendCreditsResult, {
    description: 'Spends all of the amount or nothing, once per idempotency key.',
  })
  spendCredits(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => SpendCreditsInput) input: SpendCreditsInput,
  ): Promise<typeof SpendCreditsResult> {
    const spend = async () =>
      this.#ledger.spendCredits({
        accountId: accountFor(ctx.caller, input.accountId, 'spend'),
        amountMicro: input.amount,
        usageType: input.usageType ?? null,
        description: input.description ?? null,
        metadata: input.metadata ?? null,
        idempotencyKey: input.idempotencyKey,
      });
    return orRefusal(spend().then(toPayload), SPEND_REFUSALS);
  }

  @Mutation(() => AdjustCreditsResult, {
    description: 'Administrators: gives or takes credits, for a reason.',
  })
  adjustCredits(
    @Ctx() ctx: GraphContext,
    @Arg('input', () => AdjustCreditsInput) input: AdjustCreditsInput,
  ): Promise<typeof AdjustCreditsResult> {
    requireAdmin(ctx.caller);
    const { accountId, amount: amountMicro, reason, idempotencyKey } = input;
    const adjustment = {
      accountId,
      amountMicro,
      reason,
      idempotencyKey,
      expiresAt: input.expiresAt ?? null,
    };
    return orRefusal(this.#ledger.adjustCredits(adjustment).then(toPayload), ADJUST_REFUSALS);
  }

  @FieldResolver(() => CreditBalanceType)
  async creditBalance(
    @Root() account: AccountType,
    @Ctx() ctx: GraphContext,
  ): Promise<CreditBalanceType> {
    const along = this.#history.balanceReadAlong(account.parts);
    const balance = along ?? (await this.#balances(ctx).load(account.id));
    invariant(balance !== undefined, `account ${account.id} has a balance`);
    return toCreditBalance(balance);
  }

  @FieldResolver(() => CreditGrantConnectionType, { description: 'Newest first.' })
  async creditGrants(
    @Root() account: AccountType,
    @Arg('first', () => Int, { nullable: true }) first?: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
    @Arg('spendableOnly', () => Boolean, { nullable: true }) spendableOnly?: boolean,
  ): Promise<CreditGrantConnectionType> {
    const page = await this.#history.grants(account.id, spendableOnly ?? false, { first, after });
    return toConnection(CreditGrantConnectionType, {
      page,
      cursorKind: GRANT_CURSOR,
      position: (grant) => grant.id,
      node: toCreditGrant,
      count: () => this.#history.grantCount(account.id, spendableOnly ?? false),
    });
  }

  @FieldResolver(() => CreditTransactionConnectionType, { description: 'Newest first.' })
  async creditTransactions(
    @Root() account: AccountType,
    @Info() info: GraphQLResolveInfo,
    @Arg('first', () => Int, { nullable: true }) first?: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
    @Arg('types', () => [CreditTransactionTypeEnum], { nullable: true }) types?: TransactionKind[],
  ): Promise<CreditTransactionConnectionType> {
    const request = { first, after };
    const page = await this.#history.transactions(account.id, types ?? null, request, {
      explanation: explanationFor({ asksFor: (name) => asksFor(info, name) }),
      read: account.parts,
    });
    return toConnection(CreditTransactionConnectionType, {
      page,
      cursorKind: TRANSACTION_CURSOR,
      position: (entry) => entry.sequence,
      node: toCreditTransaction,
      count: () => this.#history.transactionCount(account.id, types ?? null),
    });
  }
}

function toPayload(receipt: LedgerReceipt): SpendCreditsPayload {
  return Object.assign(new SpendCreditsPayload(), {
    transaction: toCreditTransaction(receipt.transaction),
    balance: toCreditBalance(receipt.balance),
  });
}
