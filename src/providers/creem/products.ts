import { createHash } from 'node:crypto';
import type { ProductEntity$Outbound, ProductListEntity$Outbound } from 'creem/models/components';
import type { PlanForSale, PricesAtProvider } from '../payment-objects.ts';
import type { CreemApi, CreemClient } from './creem-client.ts';
import { toCreemPrice } from './translate-values.ts';

export type Product = ProductEntity$Outbound;
type PriceForSale = PlanForSale['prices'][number];

interface WantedProduct {
  /** Ours: by it the product is found again. Creem has no place for it but the description. */
  readonly key: string;
  readonly name: string;
  readonly description: string;
  readonly terms: Pick<Product, 'price' | 'currency' | 'billing_type' | 'billing_period'> &
    Partial<Product>;
}

const PAGE_SIZE = 100;
const MOST_PAGES = 50;

/**
 * Finds the product of each price by our key in its description, and makes those that are missing, archived or cost
 * something else: a product of Creem's has one price and one billing period.
 * Throws ProviderUnsupported (currency, amount), ProviderUnavailable, ProviderRefused.
 */
export function ensurePlanPrices(
  client: CreemClient,
  plan: PlanForSale,
): Promise<PricesAtProvider> {
  return client.command(async (api) => {
    const wanted = plan.prices.map((price) => ({ price, product: productOf(plan, price) }));
    const all = await allProducts(api);
    const priceIds: Record<string, string> = {};
    for (const { price, product } of wanted) {
      priceIds[price.lookupKey] = await ensureProduct(api, all, product);
    }
    return { productId: null, priceIds };
  });
}

/** The product under which amounts of the customer's own choice are sold. Throws as `ensurePlanPrices`. */
export async function ensureCreditsProduct(api: CreemApi, currency: string): Promise<string> {
  return ensureProduct(api, await allProducts(api), {
    key: `tollgate_credits_${currency}`,
    name: 'Credits',
    description: 'Credits for your account',
    // A checkout gives the price; this one is what Creem allows at least.
    terms: { price: 100, currency, billing_type: 'onetime', billing_period: 'once' },
  });
}

/**
 * A trial is a thing of the product at Creem: this is the product, or else another one that is the same but for its trial.
 * Throws as `ensurePlanPrices`.
 */
export async function withTrial(
  api: CreemApi,
  product: Product,
  trialDays: number,
): Promise<string> {
  if ((product.trial_period_days ?? 0) === trialDays) return product.id;
  const { price, currency, billing_type, billing_period, tax_mode, tax_category } = product;
  const terms = { price, currency, billing_type, billing_period, tax_mode, tax_category };
  const trial = trialDays > 0 ? { trial_period_days: trialDays } : {};
  return ensureProduct(api, await allProducts(api), {
    key: `${product.id}:trial-${trialDays}`,
    name: product.name,
    description: trialDays > 0 ? `${trialDays} days free` : 'Without a trial',
    terms: { ...terms, ...cadenceOf(product), ...trial },
  });
}

function productOf(plan: PlanForSale, { lookupKey, interval, money }: PriceForSale): WantedProduct {
  const isMonthly = interval === 'MONTH';
  return {
    key: lookupKey,
    name: plan.name,
    description: `${plan.name}, paid by the ${interval.toLowerCase()}`,
    terms: {
      ...toCreemPrice(money),
      billing_type: 'recurring',
      billing_period: isMonthly ? 'every-month' : 'every-year',
    },
  };
}

async function ensureProduct(
  api: CreemApi,
  all: readonly Product[],
  wanted: WantedProduct,
): Promise<string> {
  const ours = all.filter(({ description }) => description.endsWith(`[${wanted.key}]`));
  const found = ours.find((product) => product.status === 'active' && isAsWanted(product, wanted));
  if (found === undefined) return createProduct(api, wanted, ours.length);
  if (found.name !== wanted.name) {
    await api.send<Product>('PATCH', `/products/${found.id}`, { name: wanted.name }, 'id');
  }
  return found.id;
}

/** With the number of those that there are already: a product that was archived is not the answer a second time. */
async function createProduct(
  api: CreemApi,
  { key, name, description, terms }: WantedProduct,
  before: number,
): Promise<string> {
  const body = { name, description: `${description} [${key}]`, ...terms };
  const parts = JSON.stringify([key, terms, before]);
  const idempotencyKey = `tollgate-${createHash('sha256').update(parts).digest('hex')}`;
  return (await api.create<Product>('/products', body, idempotencyKey, 'id')).id;
}

function isAsWanted(product: Product, { terms }: WantedProduct): boolean {
  return (
    product.price === terms.price &&
    product.currency === terms.currency &&
    product.billing_type === terms.billing_type &&
    product.billing_period === terms.billing_period &&
    (product.trial_period_days ?? 0) === (terms.trial_period_days ?? 0)
  );
}

/** Creem takes the interval of a custom period only. */
function cadenceOf(product: Product): Partial<Product> {
  if (product.billing_period !== 'custom') return {};
  const { recurring_interval, recurring_interval_count } = product;
  return { recurring_interval, recurring_interval_count };
}

async function allProducts(api: CreemApi): Promise<Product[]> {
  const products: Product[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const { items, pagination } = await api.get<ProductListEntity$Outbound>(
      '/products/search',
      { page_number: page, page_size: PAGE_SIZE },
      'items',
    );
    products.push(...items);
    if (pagination.next_page === null) break;
  }
  return products;
}
