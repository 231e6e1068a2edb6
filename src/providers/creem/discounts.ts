import { createHash } from 'node:crypto';
import type { DiscountEntity$Outbound } from 'creem/models/components';
import type { Money } from '../../platform/money.ts';
import { AmountTooSmall, ProviderRefused } from '../payment-errors.ts';
import type { CheckoutDiscount } from '../payment-objects.ts';
import type { CreemApi } from './creem-client.ts';
import { isMissing } from './creem-errors.ts';
import { SMALLEST } from './translate-values.ts';

type Discount = DiscountEntity$Outbound;

/** What a page sells, and what is to be taken off it. */
interface DiscountedSale {
  readonly orderId: string;
  readonly productId: string;
  /** The page's whole price. */
  readonly price: Money;
  readonly discount: CheckoutDiscount;
  /** When nobody waits for the page any more. */
  readonly expiresAt: Date;
}

/** Letters and digits that are not mistaken for each other. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LONGEST_NAME = 12;
const SECRET_LENGTH = 14;

/**
 * The discount of one page, found by its code, or made. Whoever reads a code can type it on another page, and a discount
 * names the products it is for: so each page gets its own, for its product, its time and one payment, of exactly the amount
 * that was reckoned. Throws AmountTooSmall when less is left than Creem sells for, ProviderUnavailable, ProviderRefused.
 */
export async function ensureDiscount(
  api: CreemApi,
  sale: DiscountedSale,
): Promise<{ id: string; code: string }> {
  const { discount, price, productId, expiresAt } = sale;
  if (price.amountMinor - discount.money.amountMinor < SMALLEST) {
    const message = `Creem sells for ${SMALLEST} (${price.currency}, minor units) or more, discounts included.`;
    throw new AmountTooSmall(message, { channel: 'CREEM' });
  }
  const code = codeOf(sale);
  const { id } = await api.once(
    () => findByCode(api, code),
    () =>
      make(api, {
        name: discount.name,
        code,
        type: 'fixed',
        amount: Number(discount.money.amountMinor),
        currency: discount.money.currency,
        duration: 'once',
        max_redemptions: 1,
        expiry_date: expiresAt.toISOString(),
        applies_to_products: [productId],
      }),
  );
  return { id, code };
}

/** Takes a page's discount back, so that nobody uses it any more. Throws ProviderUnavailable, ProviderRefused. */
export async function withdrawDiscount(api: CreemApi, id: string): Promise<void> {
  await api.once(
    async () => {
      const found = await find(api, { discount_id: id });
      return found === null ? 'gone' : null;
    },
    async () => {
      await api.remove<Discount>(`/discounts/${encodeURIComponent(id)}/delete`, 'id');
      return 'gone';
    },
  );
}

/** Two who find none at the same moment make one: Creem refuses the second, which finds it. */
async function make(
  api: CreemApi,
  body: Omit<Discount, 'id' | 'mode' | 'object' | 'status'>,
): Promise<Discount> {
  try {
    return await api.send<Discount>('POST', '/discounts', body, 'id');
  } catch (error) {
    const found = error instanceof ProviderRefused ? await findByCode(api, body.code) : null;
    if (found === null) throw error;
    return found;
  }
}

function findByCode(api: CreemApi, code: string): Promise<Discount | null> {
  return find(api, { discount_code: code });
}

async function find(
  api: CreemApi,
  by: { readonly discount_id: string } | { readonly discount_code: string },
): Promise<Discount | null> {
  try {
    const found = await api.get<Discount>('/discounts', by, 'id');
    return found.status === 'deleted' ? null : found;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** The same for every try of an order, another one for another product or amount, and nothing that could be guessed. */
function codeOf({ orderId, productId, discount: { name, money } }: DiscountedSale): string {
  const parts = JSON.stringify([orderId, productId, String(money.amountMinor), money.currency]);
  const bytes = createHash('sha256').update(parts).digest().subarray(0, SECRET_LENGTH);
  const secret = Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return `${name.replaceAll(/[^A-Z0-9]/g, '').slice(0, LONGEST_NAME)}${secret}`;
}
