import { createHash } from 'node:crypto';
import type Stripe from 'stripe';
import { newId } from '../../platform/ids.ts';
import type { PlanForSale, PricesAtProvider } from '../payment-objects.ts';
import type { Call, StripeClient } from './stripe-client.ts';
import { isRefusedAs } from './stripe-errors.ts';
import { idOf, toStripeAmount, toStripeCurrency } from './translate-values.ts';

type PriceForSale = PlanForSale['prices'][number];
type Product = string | Stripe.Product | Stripe.DeletedProduct;

/**
 * Finds a plan's prices by their lookup keys and makes those that are missing, archived or cost something else; the lookup
 * key moves to the new price. A price that somebody made by hand under the same lookup key is used with its own product;
 * otherwise the product is `tollgate_<planId>`, so that there is one for ever. Callers at the same time get the same
 * objects: every key is made of what the new object is and of what it replaces.
 * Throws ProviderUnavailable, ProviderRefused.
 */
export function ensurePlanPrices(
  client: StripeClient,
  plan: PlanForSale,
): Promise<PricesAtProvider> {
  return client.command(async (call) => {
    const found = await findPrices(client, call, plan);
    const productId = await ensureProduct(client, call, plan, [...found.values()][0]?.product);
    const priceIds: Record<string, string> = {};
    for (const wanted of plan.prices) {
      const present = found.get(wanted.lookupKey);
      priceIds[wanted.lookupKey] =
        present !== undefined && isAsWanted(present, wanted)
          ? present.id
          : await createPrice(client, call, { plan, wanted, productId, replaces: present?.id });
    }
    return { productId, priceIds };
  });
}

/** Archived prices too: they may still hold a lookup key, and what replaces them must know. */
async function findPrices(
  { sdk }: StripeClient,
  call: Call,
  plan: PlanForSale,
): Promise<ReadonlyMap<string, Stripe.Price>> {
  if (plan.prices.length === 0) return new Map();
  const lookupKeys = plan.prices.map(({ lookupKey }) => lookupKey);
  const { data } = await call((limits) =>
    sdk.prices.list({ lookup_keys: lookupKeys, limit: 100, expand: ['data.product'] }, limits),
  );
  return new Map(
    lookupKeys.flatMap((key) => {
      const holders = data.filter((price) => price.lookup_key === key);
      const price = holders.find(({ active }) => active) ?? holders[0];
      return price === undefined ? [] : [[key, price] as const];
    }),
  );
}

async function ensureProduct(
  client: StripeClient,
  call: Call,
  plan: PlanForSale,
  found: Product | undefined,
): Promise<string> {
  const ownId = `tollgate_${plan.planId}`;
  if (found === undefined) return createProduct(client, call, plan, ownId);
  if (idOf(found) === ownId && typeof found !== 'string') await refresh(client, call, plan, found);
  return idOf(found);
}

async function createProduct(
  client: StripeClient,
  call: Call,
  plan: PlanForSale,
  id: string,
): Promise<string> {
  const metadata = { planId: plan.planId, planSlug: plan.slug };
  const idempotencyKey = keyOf('product', plan.planId, plan.slug, plan.name);
  try {
    await call((limits) =>
      client.sdk.products.create({ id, name: plan.name, metadata }, { ...limits, idempotencyKey }),
    );
  } catch (error) {
    if (!isRefusedAs(error, 'resource_already_exists')) throw error;
    await refresh(
      client,
      call,
      plan,
      await call((limits) => client.sdk.products.retrieve(id, {}, limits)),
    );
  }
  return id;
}

/** A plan may have got a new name, and somebody may have archived its product: nothing can be bought of that. */
async function refresh(
  { sdk }: StripeClient,
  call: Call,
  plan: PlanForSale,
  product: Stripe.Product | Stripe.DeletedProduct,
): Promise<void> {
  if (product.deleted === true || (product.active && product.name === plan.name)) return;
  // Setting a name twice is harmless, whereas a key made of the name would replay an older answer: A, then B, then A again.
  const idempotencyKey = `tollgate:product-name:${newId()}`;
  const changes = { name: plan.name, active: true };
  await call((limits) => sdk.products.update(product.id, changes, { ...limits, idempotencyKey }));
}

function isAsWanted(price: Stripe.Price, { interval, money }: PriceForSale): boolean {
  return (
    price.active &&
    price.unit_amount === toStripeAmount(money.amountMinor) &&
    price.currency === toStripeCurrency(money.currency) &&
    price.recurring?.interval === toStripeInterval(interval) &&
    price.recurring.interval_count === 1
  );
}

async function createPrice(
  { sdk }: StripeClient,
  call: Call,
  {
    plan,
    wanted: { lookupKey, interval, money },
    productId,
    replaces,
  }: { plan: PlanForSale; wanted: PriceForSale; productId: string; replaces: string | undefined },
): Promise<string> {
  const params = {
    product: productId,
    currency: toStripeCurrency(money.currency),
    unit_amount: toStripeAmount(money.amountMinor),
    recurring: { interval: toStripeInterval(interval) },
    lookup_key: lookupKey,
    transfer_lookup_key: true,
    metadata: { planId: plan.planId, planSlug: plan.slug },
  };
  const idempotencyKey = keyOf('price', JSON.stringify(params), replaces ?? 'nothing');
  const price = await call((limits) => sdk.prices.create(params, { ...limits, idempotencyKey }));
  return price.id;
}

function toStripeInterval(interval: PriceForSale['interval']): 'month' | 'year' {
  return interval === 'MONTH' ? 'month' : 'year';
}

function keyOf(what: string, ...parts: readonly string[]): string {
  return `tollgate:${what}:${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`;
}
