import type { CheckoutEntity$Outbound } from 'creem/models/components';
import { ProviderUnavailable } from '../../platform/errors.ts';
import type { Money } from '../../platform/money.ts';
import { ProviderRefused } from '../payment-errors.ts';
import type {
  CheckoutOutcome,
  HostedCheckout,
  NewCreditsCheckout,
  NewPlanCheckout,
} from '../payment-objects.ts';
import type { CreemApi, CreemClient } from './creem-client.ts';
import { ensureDiscount, withdrawDiscount } from './discounts.ts';
import { ensureCreditsProduct, type Product, withTrial } from './products.ts';
import { toCheckoutOutcome } from './translate-checkout.ts';
import { PLAN_PRODUCT, TRIAL_DAYS, TRIAL_PRODUCT } from './translate-subscription.ts';
import { toCreemPrice, toMoney, toTexts } from './translate-values.ts';

type Checkout = CheckoutEntity$Outbound;

/** Our word in a checkout's metadata for when nobody waits for it any more. */
const EXPIRES_AT = 'expiresAt';
/** The same for the discount that was made for it alone. */
const DISCOUNT = 'discount';
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
      const price = toMoney(product.price, product.currency);
      const page = await openPage(api, checkout, key, { productId: sold, price }, trial);
      return trialDays > 0 ? { ...page, total: { ...price, amountMinor: 0n } } : page;
    });
  }

  /** Opens a page that sells credits once, for any amount from 1.00. Throws as `createPlanCheckout`. */
  createCreditsCheckout(checkout: NewCreditsCheckout, key: string): Promise<HostedCheckout> {
    return this.#once(key, async (api) => {
      const { price: customPrice, currency } = toCreemPrice(checkout.money);
      const productId = await this.#made(`credits ${currency}`, () =>
        ensureCreditsProduct(api, currency),
      );
      const { description } = checkout;
      return openPage(
        api,
        checkout,
        key,
        { productId, price: checkout.money, customPrice },
        { description },
      );
    });
  }

  /**
   * The checkout as it is now. Creem leaves a page open for as long as it likes: one that nobody has paid on by the time it
   * was asked for counts as expired. Throws ProviderUnavailable, ProviderRefused (no such checkout).
   */
  retrieveCheckout(checkoutId: string): Promise<CheckoutOutcome> {
    return this.#client.command(async (api) => this.#outcomeOf(await retrieve(api, checkoutId)));
  }

  /**
   * Creem cannot close a page: one that nobody has paid on counts as given up, though Creem leaves it open. Its discount is
   * taken back. What is paid on it after all is settled like any other payment. Throws as `retrieveCheckout`.
   */
  expireCheckout(checkoutId: string): Promise<CheckoutOutcome> {
    return this.#client.command(async (api) => {
      const checkout = await retrieve(api, checkoutId);
      const outcome = this.#outcomeOf(checkout);
      if (outcome.state !== 'OPEN') return outcome;
      const discountId = toTexts(checkout.metadata)[DISCOUNT];
      if (discountId !== undefined) await withdrawDiscount(api, discountId);
      return { ...outcome, state: 'EXPIRED' };
    });
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

interface Sold {
  readonly productId: string;
  /** Without a discount. */
  readonly price: Money;
  readonly customPrice?: number;
}

async function retrieve(api: CreemApi, checkoutId: string): Promise<Checkout> {
  const checkout = await api.get<Checkout>('/checkouts', { checkout_id: checkoutId }, 'id');
  const { product, order } = checkout;
  if (order != null || typeof product !== 'string') return checkout;
  return { ...checkout, product: await api.get<Product>(`/products/${product}`, {}, 'id') };
}

async function openPage(
  api: CreemApi,
  checkout: NewPlanCheckout | NewCreditsCheckout,
  requestId: string,
  { productId, price, customPrice }: Sold,
  metadata: Readonly<Record<string, string>>,
): Promise<HostedCheckout> {
  const { accountId, orderId, customerId, successUrl, expiresAt } = checkout;
  const discount = await discountOf(api, checkout, { productId, price });
  const made = await api.send<Checkout>(
    'POST',
    '/checkouts',
    {
      product_id: productId,
      ...(customPrice === undefined ? {} : { custom_price: customPrice }),
      units: 1,
      request_id: requestId,
      customer: { id: customerId },
      success_url: successUrl,
      ...(discount === null ? {} : { discount_code: discount.code }),
      metadata: {
        ...metadata,
        ...(discount === null ? {} : { [DISCOUNT]: discount.id }),
        [EXPIRES_AT]: expiresAt.toISOString(),
        accountId,
        orderId,
      },
    },
    'id',
  );
  if (made.checkout_url === undefined) {
    const message = 'Creem made a checkout but gave no page for it.';
    throw new ProviderUnavailable(message, { channel: 'CREEM' });
  }
  const amountMinor = price.amountMinor - (discount?.amountMinor ?? 0n);
  const total = { ...price, amountMinor };
  return { checkoutId: made.id, url: made.checkout_url, expiresAt, total };
}

/** The page's own discount; null without one, and where a small share of a small price is nothing. */
async function discountOf(
  api: CreemApi,
  { discount, orderId, expiresAt }: NewPlanCheckout | NewCreditsCheckout,
  { productId, price }: Sold,
) {
  const amountMinor = discount?.money.amountMinor ?? 0n;
  if (discount == null || amountMinor === 0n) return null;
  const made = await ensureDiscount(api, { orderId, productId, price, discount, expiresAt });
  return { ...made, amountMinor };
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
