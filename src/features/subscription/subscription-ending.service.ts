import { setTimeout as delay } from 'node:timers/promises';
import { invariant } from '../../platform/assert.ts';
import type { Database } from '../../platform/database/database.ts';
import { InvalidInput } from '../../platform/errors.ts';
import type { Channel } from '../../platform/money.ts';
import { StaleState } from '../../platform/provider-effect.ts';
import { ProviderUnsupported } from '../../providers/payment-errors.ts';
import type { PaymentProvider } from '../../providers/payment-provider.ts';
import { NotAllowedNow } from '../account/account.errors.ts';
import type { PlanSubscription } from './subscription.model.ts';
import type { SubscriptionService } from './subscription.service.ts';

interface SubscriptionEndingNeeds {
  readonly database: Database;
  readonly subscriptions: SubscriptionService;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
}

const MAX_ROUNDS = 20;
const LONGEST_PAUSE_MS = 50;
const LONGEST_REASON = 500;

/** Ending subscriptions, and thinking better of it. */
export class SubscriptionEndingService {
  readonly #needs: SubscriptionEndingNeeds;

  constructor(needs: SubscriptionEndingNeeds) {
    this.#needs = needs;
  }

  /**
   * Lets the account's subscription end with its period, or at once; one that is ending already is left as it is. A change
   * of plan that was to come is dropped. Throws NotAllowedNow, InvalidInput and what the provider's commands throw.
   */
  async cancel(
    accountId: string,
    atPeriodEnd: boolean,
    reason: string | null,
  ): Promise<PlanSubscription> {
    if (reason !== null && reason.length > LONGEST_REASON)
      throw new InvalidInput('reason', `is longer than ${LONGEST_REASON} characters.`);
    const live = await this.live(accountId);
    const provider = this.#provider(live.channel);
    const { providerSubscriptionId: id } = live;
    await allowed(async () => {
      if (!atPeriodEnd) await provider.cancelNow(id, reason);
      else if (live.cancelAt === null)
        await provider.cancelAtPeriodEnd(id, reason, keyOf('cancel', live));
    });
    return this.refresh(live);
  }

  /** Takes back that a subscription ends with its period. Throws NotAllowedNow and what the provider's commands throw. */
  async resume(accountId: string): Promise<PlanSubscription> {
    const live = await this.live(accountId);
    if (live.cancelAt === null && !live.cancelAtPeriodEnd) {
      throw new NotAllowedNow(
        'The subscription is not being cancelled: there is nothing to resume.',
      );
    }
    const provider = this.#provider(live.channel);
    await allowed(() =>
      provider.resumeSubscription(live.providerSubscriptionId, keyOf('resume', live)),
    );
    return this.refresh(live);
  }

  /** The account's live subscription. Throws NotAllowedNow when it has none. */
  async live(accountId: string): Promise<PlanSubscription> {
    const live = await this.#needs.subscriptions.liveSubscription(accountId);
    if (live === null) throw new NotAllowedNow('The account has no subscription.');
    return live;
  }

  /** Takes over the provider's present state of a subscription. Throws what the provider's commands throw. */
  async refresh({
    channel,
    providerSubscriptionId: id,
  }: PlanSubscription): Promise<PlanSubscription> {
    const { database, subscriptions } = this.#needs;
    for (let round = 1; ; round += 1) {
      const apply = await subscriptions.subscriptionChanged(channel, id);
      try {
        return await database.transaction(async (tx) => {
          await apply(tx);
          const present = await subscriptions.lock(tx, channel, id);
          invariant(present !== null, `subscription ${id} is known`);
          return present;
        });
      } catch (error) {
        if (!(error instanceof StaleState) || round === MAX_ROUNDS) throw error;
        await delay(Math.random() * LONGEST_PAUSE_MS);
      }
    }
  }

  #provider(channel: Channel): PaymentProvider {
    const provider = this.#needs.providers.get(channel);
    if (provider === undefined) throw new NotAllowedNow(`${channel} is not set up.`);
    return provider;
  }
}

/** The same for every try in one state, another one once the state is another. */
function keyOf(what: string, { id, revision }: PlanSubscription): string {
  return `tollgate-${what}-${id}-${revision}`;
}

async function allowed(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ProviderUnsupported) throw new NotAllowedNow(error.message);
    throw error;
  }
}
