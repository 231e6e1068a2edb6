import type { CheckoutEntity$Outbound } from 'creem/models/components';
import { ProviderUnavailable } from '../../platform/errors.ts';
import { ProviderRefused } from '../payment-errors.ts';
import type {
  CheckoutOutcome,
  HostedCheckout,
  NewCreditsCheckout,
  NewPlanCheckout,
} from '../payment-objects.ts';
import type { CreemApi, CreemClient } from './creem-client.ts';
import { ensureCreditsProduct, type Product, withTrial } from './products.ts';
import { toCheckoutOutcome } from './translate-checkout.ts';
import { PLAN_PRODUCT, TRIAL_DAYS, TRIAL_PRODUCT } from './translate-subscription.ts';
import { toCreemPrice, toTexts } from './translate-values.ts';

type Checkout = CheckoutEntity$Outbound;

/** Our word in a checkout's metadata for when nobody waits for it any more. */
const EXPIRES_AT = 'expiresAt';
/** How many pages a process remembers by their keys. */
const MOST_REMEMBERED = 1000;

/**
 * Creem knows no idempotency keys for checkouts, and finds none by our `request_id`: a process gives the same page for the
 * same key while it remembers it. After an unknown outcome another page is made; nobody was told of the lost one's address.
 */
export class Checkouts {
  readonly #client: CreemClient;
  readonly #now: () => Date;
  readonly #pages = new Map<string, Promise<HostedCheckout>>();
  readonly #products = new Map<string, Promise<string>>();

  constructor(client: CreemClient, now: () => Date) {
    this.#client = client;
    this.#now = now;
  }

  /**
   * Opens a page that sells a plan by subscription. Throws ProviderUnavailable (also when the outcome is unknown),
   * ProviderUnsupported, ProviderRefused.
   */
  createPlanCheckout(checkout: NewPlanCheckout, key: string): Promise<HostedCheckout> {
    const { providerPriceId, trialDays } = checkout;
    return this.#once(key, async (api) => {
      const product = await api.get<Product>(
        `/products/${encodeURIComponent(providerPriceId)}`,
        {},
        'id',
      );
      const sold = await this.#made(`${product.id} ${product.price} ${trialDays}`, () =>
        withTrial(api, product, trialDays),
      );
      const trial = {
        ...(trialDays > 0 ? { [TRIAL_DAYS]: String(trialDays) } : {}),
        ...(sold === product.id ? {} : { [PLAN_PRODUCT]: product.id, [TRIAL_PRODUCT]: sold }),
      };
      return openPage(api, checkout, key, { product_id: sold }, trial);
    });
  }

  /** Opens a page that sells credits once, for any amount from 1.00. Throws as `createPlanCheckout`. */
  createCreditsCheckout(checkout: NewCreditsCheckout, key: string): Promise<HostedCheckout> {
    return this.#once(key, async (api) => {
      const { price, currency } = toCreemPrice(checkout.money);
      const product = await this.#made(`credits ${currency}`, () =>
        ensureCreditsProduct(api, currency),
      );
      const { description } = checkout;
      return openPage(
        api,
        checkout,
        key,
        { product_id: product, custom_price: price },
        { description },
      );
    });
  }

  /**
   * The checkout as it is now. Creem leaves a page open for as long as it likes: one that nobody has paid on by the time it
   * was asked for counts as expired. Throws ProviderUnavailable, ProviderRefused (no such checkout).
   */
  retrieveCheckout(checkoutId: string): Promise<CheckoutOutcome> {
    return this.#client.command(async (api) => {
      const checkout = await api.get<Checkout>('/checkouts', { checkout_id: checkoutId }, 'id');
      const { product, order } = checkout;
      if (order != null || typeof product !== 'string') return this.#outcomeOf(checkout);
      const whole = await api.get<Product>(`/products/${product}`, {}, 'id');
      return this.#outcomeOf({ ...checkout, product: whole });
    });
  }

  /**
   * Creem cannot close a page: one that nobody has paid on counts as given up, though Creem leaves it open. What is paid on
   * it after all is settled like any other payment. Throws as `retrieveCheckout`.
   */
  async expireCheckout(checkoutId: string): Promise<CheckoutOutcome> {
    const outcome = await this.retrieveCheckout(checkoutId);
    return outcome.state === 'OPEN' ? { ...outcome, state: 'EXPIRED' } : outcome;
  }

  #outcomeOf(checkout: Checkout): CheckoutOutcome {
    const outcome = toCheckoutOutcome(checkout);
    const expiresAt = Date.parse(toTexts(checkout.metadata)[EXPIRES_AT] ?? '');
    const isLate = outcome.state === 'OPEN' && expiresAt <= this.#now().getTime();
    return isLate ? { ...outcome, state: 'EXPIRED' } : outcome;
  }

  #once(key: string, open: (api: CreemApi) => Promise<HostedCheckout>): Promise<HostedCheckout> {
    return remembered(this.#pages, key, async () => {
      try {
        return await this.#client.command(open);
      } catch (error) {
        // Somebody may have archived a product that we remember.
        if (error instanceof ProviderRefused) this.#products.clear();
        throw error;
      }
    });
  }

  #made(what: string, make: () => Promise<string>): Promise<string> {
    return remembered(this.#products, what, make);
  }
}

async function openPage(
  api: CreemApi,
  checkout: NewPlanCheckout | NewCreditsCheckout,
  requestId: string,
  sold: { readonly product_id: string; readonly custom_price?: number },
  metadata: Readonly<Record<string, string>>,
): Promise<HostedCheckout> {
  const { accountId, orderId, customerId, successUrl, expiresAt } = checkout;
  const made = await api.send<Checkout>(
    'POST',
    '/checkouts',
    {
      ...sold,
      units: 1,
      request_id: requestId,
      customer: { id: customerId },
      success_url: successUrl,
      metadata: { ...metadata, [EXPIRES_AT]: expiresAt.toISOString(), accountId, orderId },
    },
    'id',
  );
  if (made.checkout_url === undefined) {
    const message = 'Creem made a checkout but gave no page for it.';
    throw new ProviderUnavailable(message, { channel: 'CREEM' });
  }
  return { checkoutId: made.id, url: made.checkout_url, expiresAt };
}

/** What is under way or done under a key; a failure is forgotten, and so is the oldest when there are too many. */
function remembered<T>(
  known: Map<string, Promise<T>>,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const making = make();
  known.set(key, making);
  making.catch(() => known.delete(key));
  const [oldest] = known.keys();
  if (known.size > MOST_REMEMBERED && oldest !== undefined) known.delete(oldest);
  return making;
}
