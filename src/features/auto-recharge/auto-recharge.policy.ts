import { InvalidInput } from '../../platform/errors.ts';
import type { AutoRecharge, AutoRechargeWish } from './auto-recharge.model.ts';

const DAY_MS = 86_400_000;

/** How long a card that was refused is left in peace. */
export const COOL_DOWN_MS = DAY_MS;

/** What there is to be known when a balance is looked at. */
export interface Circumstances {
  readonly now: Date;
  readonly availableMicro: bigint;
  readonly owedMicro: bigint;
  /** Whether the account may run: nobody is charged for one that may not. */
  readonly mayRun: boolean;
  /** Whether there is something to charge, and the plan and catalogue still sell it. */
  readonly canBeCharged: boolean;
  /** What was charged by itself this month, in minor units. */
  readonly chargedMinor: bigint;
  readonly monthEndsAt: Date;
}

/** ARM: be told when the balance falls under the threshold. WAIT: look again at an instant, or when something changes. */
export type Decision =
  | { readonly kind: 'CHARGE' | 'ARM' }
  | { readonly kind: 'WAIT'; readonly until: Date | null };

/** What to do about a balance now. */
export function decide(settings: AutoRecharge, seen: Circumstances): Decision {
  const { now, chargedMinor } = seen;
  const { coolDownUntil, monthlyCapMinor, amount } = settings;
  if (!settings.isEnabled || !seen.mayRun) return { kind: 'WAIT', until: null };
  if (seen.owedMicro > 0n || seen.availableMicro >= settings.thresholdMicro) return { kind: 'ARM' };
  if (coolDownUntil !== null && coolDownUntil > now) return { kind: 'WAIT', until: coolDownUntil };
  if (monthlyCapMinor !== null && chargedMinor + amount.amountMinor > monthlyCapMinor)
    return { kind: 'WAIT', until: seen.monthEndsAt };
  if (!seen.canBeCharged) return { kind: 'WAIT', until: new Date(now.getTime() + DAY_MS) };
  return { kind: 'CHARGE' };
}

/** The settings after a wish. Throws InvalidInput when something is missing or does not fit together. */
export function afterWish(
  known: AutoRecharge | null,
  wish: AutoRechargeWish,
  currency: string,
  now: Date,
): AutoRecharge {
  const { accountId, isEnabled } = wish;
  const thresholdMicro = required('threshold', wish.thresholdMicro ?? known?.thresholdMicro);
  const amountMinor = required('amountMinorUnits', wish.amountMinor ?? known?.amount.amountMinor);
  const knownCap = known?.monthlyCapMinor ?? null;
  const monthlyCapMinor = wish.monthlyCapMinor === undefined ? knownCap : wish.monthlyCapMinor;
  if (monthlyCapMinor !== null && monthlyCapMinor < amountMinor)
    throw new InvalidInput('monthlyCapMinorUnits', 'must allow one recharge a month at least.');
  const amount = { amountMinor, currency };
  const wanted = { isEnabled, thresholdMicro, amount, monthlyCapMinor, updatedAt: now };
  if (known !== null) return { ...known, ...wanted };
  const idle = { providerPaymentMethodId: null, coolDownUntil: null, checkAt: null };
  return { accountId, ...wanted, ...idle, createdAt: now };
}

function required(field: string, value: bigint | undefined): bigint {
  if (value === undefined) throw new InvalidInput(field, 'is required the first time.');
  if (value <= 0n) throw new InvalidInput(field, 'must be more than zero.');
  return value;
}
