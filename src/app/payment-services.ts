import { AutoRechargeService } from '../features/auto-recharge/auto-recharge.service.ts';
import { AutoRechargeStore } from '../features/auto-recharge/auto-recharge.store.ts';
import { AutomaticChargeService } from '../features/auto-recharge/automatic-charge.service.ts';
import { CreditReversalService } from '../features/ledger/credit-reversal.service.ts';
import { CreditReversalStore } from '../features/ledger/credit-reversal.store.ts';
import { ReversalService } from '../features/reversal/reversal.service.ts';
import { ReversalStore } from '../features/reversal/reversal.store.ts';

type NeedsOf<Service extends new (needs: never) => unknown> = ConstructorParameters<Service>[0];
type Recharges = Omit<
  NeedsOf<typeof AutoRechargeService> & NeedsOf<typeof AutomaticChargeService>,
  'store'
>;

/** What follows payments that went back. */
export function composeReversals(
  base: Omit<NeedsOf<typeof ReversalService>, 'store' | 'creditReversals'>,
): ReversalService {
  const { database, clock } = base;
  const creditReversals = new CreditReversalService(new CreditReversalStore(), clock);
  return new ReversalService({ ...base, store: new ReversalStore(database), creditReversals });
}

/** Who tops accounts up by themselves. */
export function composeAutoRecharges(base: Recharges) {
  const needs = { ...base, store: new AutoRechargeStore(base.database) };
  const autoRecharges = new AutoRechargeService(needs);
  return { autoRecharges, automaticCharges: new AutomaticChargeService(needs) };
}
