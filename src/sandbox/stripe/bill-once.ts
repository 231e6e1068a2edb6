import type Stripe from 'stripe';
import { planOf } from './checkout-sessions.ts';
import { startDiscount } from './discounts.ts';
import { createOpenInvoice, expectPayment, markPaid } from './invoices.ts';
import { idOf, type StripeWorld } from './stripe-world.ts';

/**
 * The invoice of a sale without a subscription, when the session asked for one: open until its intent has succeeded,
 * paid at once when nothing is due. Answers its id, or null.
 */
export function billOnce(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  intentId: string | null,
): string | null {
  if (!session.invoice_creation?.enabled || session.customer === null) return null;
  const now = world.now();
  const plan = planOf(world, session.id);
  const coupon = plan.coupon === null ? undefined : world.find('coupon', plan.coupon);
  const on = { session: session.id, customer: idOf(session.customer) };
  const discount = coupon && startDiscount(world, coupon, on);
  const invoice = createOpenInvoice(world, {
    customer: world.get('customer', idOf(session.customer)),
    currency: session.currency ?? 'usd',
    billingReason: 'manual',
    subscription: null,
    lines: plan.lines.map((line) => ({
      amount: line.item.amount_subtotal,
      ...(discount && { discount: { id: discount.id, amount: line.item.amount_discount } }),
      description: line.name,
      price: line.price,
      quantity: line.quantity,
      period: { start: now, end: now },
      subscriptionItem: null,
    })),
    metadata: session.invoice_creation.invoice_data.metadata ?? {},
    defaultPaymentMethod: null,
  });
  if (intentId === null) return markPaid(world, invoice.id).id;
  expectPayment(world, invoice, intentId);
  return invoice.id;
}
