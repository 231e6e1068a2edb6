import type { Clock } from '../../platform/clock.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import { earlier } from '../../platform/time.ts';
import type { Account } from '../account/account.model.ts';
import type { AccountService } from '../account/account.service.ts';
import type { LedgerService } from '../ledger/ledger.service.ts';
import { monthWithin, upgradeCredits } from './plan-change.policy.ts';
import type { PlanChangeStore } from './plan-change.store.ts';
import type { PlanCreditsService } from './plan-credits.service.ts';
import type { PlanSubscription, SubscriptionChanged } from './subscription.model.ts';
import { creditsOf, paidMonthExpiresAt } from './subscription.policy.ts';

interface UpgradeCreditsNeeds {
  readonly clock: Clock;
  readonly accounts: AccountService;
  readonly ledger: LedgerService;
  readonly planChanges: PlanChangeStore;
  readonly planCredits: PlanCreditsService;
}

interface Addition {
  readonly amountMicro: bigint;
  readonly month: { readonly start: Date; readonly end: Date };
  readonly causeId: string;
}

/** The credits that come with a change of plan that is paid for at once. */
export class UpgradeCreditsService {
  readonly #needs: UpgradeCreditsNeeds;

  constructor(needs: UpgradeCreditsNeeds) {
    this.#needs = needs;
  }

  /**
   * A subscription's price is another one within its period: the month's grant stays, and the difference for what remains of
   * the month is added. Under another interval a new period has begun: what is left of the old month ends, and a whole one
   * comes. A price that changed with a renewal is left to the renewal's invoice.
   */
  async grantUpgrade(
    tx: Transaction,
    { subscription, previous }: SubscriptionChanged,
  ): Promise<void> {
    if (previous === null || previous.providerPriceId === subscription.providerPriceId) return;
    if (previous.status !== 'ACTIVE' || subscription.status !== 'ACTIVE') return;
    const { currentPeriodStart: start, currentPeriodEnd: end } = subscription;
    if (start === null || end === null || isRenewal(previous, start)) return;
    const account = await this.#needs.accounts.lock(tx, subscription.accountId);
    const change = await this.#needs.planChanges.latestTo(
      tx,
      subscription.id,
      subscription.providerPriceId,
    );
    const causeId = `${subscription.id}/change/${change?.id ?? subscription.revision}`;
    const after = creditsOf(subscription.monthlyCredits);
    if (previous.currentPeriodStart?.getTime() !== start.getTime()) {
      for (const kind of ['invoice', 'subscription'] as const)
        await this.#needs.ledger.endGrants(tx, account.id, kind, 'Another period took over.');
      const month = { start, end };
      await this.#grant(tx, account, subscription, { amountMicro: after ?? 0n, month, causeId });
      await this.#needs.planCredits.continueAfterChange(tx, account, subscription, month, causeId);
      return;
    }
    const at = change?.reckonedAt ?? this.#needs.clock.now();
    const month = monthWithin({ start, end }, subscription.interval, at, account.timeZone);
    const amountMicro = upgradeCredits(creditsOf(previous.monthlyCredits), after, month, at);
    await this.#grant(tx, account, subscription, { amountMicro, month, causeId });
  }

  async #grant(
    tx: Transaction,
    account: Account,
    subscription: PlanSubscription,
    { amountMicro, month, causeId }: Addition,
  ): Promise<void> {
    if (amountMicro <= 0n) return;
    const now = this.#needs.clock.now();
    await this.#needs.ledger.grantCredits(tx, {
      accountId: account.id,
      source: 'PLAN',
      amountMicro,
      effectiveAt: earlier(now, month.start),
      expiresAt: paidMonthExpiresAt(month, subscription, account.timeZone),
      cause: { kind: 'subscription', id: causeId },
      description: 'The credits of a larger plan for what remains of the month.',
    });
  }
}

function isRenewal(previous: PlanSubscription, start: Date): boolean {
  return previous.currentPeriodEnd !== null && previous.currentPeriodEnd <= start;
}
