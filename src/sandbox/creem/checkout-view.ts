import { type Html, html } from '../html.ts';
import { everyInWords, moneyInWords } from '../money-words.ts';
import { pageFrame } from '../page.ts';
import type { Checkout, Product } from './creem-world.ts';
import type { Discount } from './discounts.ts';

export interface CheckoutView {
  readonly checkout: Checkout;
  readonly product: Product;
  /** What is due now, and what was taken off it: minor units. */
  readonly amount: number;
  readonly discountAmount: number;
  /** The discount that can still be used; null without one. */
  readonly discount: Discount | null;
  /** Null when the page has to ask for it. */
  readonly email: string | null;
}

interface Refused {
  readonly field: 'email' | 'cardNumber';
  readonly message: string;
  readonly email: string;
  readonly cardNumber: string;
}

const CARDS = [
  ['4242 4242 4242 4242', 'Pays'],
  ['4000 0000 0000 0002', 'Is declined'],
  ['4000 0000 0000 9995', 'Has insufficient funds'],
  ['4000 0000 0000 0341', 'Can be saved, but each charge fails'],
] as const;

/** The page on which a customer completes a checkout. */
export function checkoutView(view: CheckoutView, refused: Refused | null): Html {
  return pageFrame(
    `${view.product.name} – Checkout`,
    html`<main class="checkout">
<section class="summary" aria-label="Your order"><div class="inner">${summary(view)}</div></section>
<section class="pay" aria-label="Payment"><div class="inner">${form(view, refused)}</div></section>
</main>`,
  );
}

function summary(view: CheckoutView): Html {
  const { checkout, product, amount } = view;
  const { currency } = product;
  const total = moneyInWords(amount, currency);
  const every = intervalOf(product);
  const price = moneyInWords(checkout.custom_price ?? product.price, currency);
  const days = product.trial_period_days;
  return html`
<h1>${every === null ? product.name : `Subscribe to ${product.name}`}</h1>
<p class="total">${
    days == null
      ? html`<b>${total}</b>${every !== null && html`<span>${view.discount?.duration === 'once' && `today, then ${price} `}per ${every}</span>`}`
      : html`<b>${days} ${days === 1 ? 'day' : 'days'} free</b><span>Then ${price} per ${every}</span>`
  }</p>
<ul class="lines"><li><div><b>${product.name}</b><small>${product.description}</small></div>
<div class="amount">${price}</div></li></ul>
${discountLine(view)}
<p class="due"><span>Total due today</span><span>${total}</span></p>
<p class="note">Sold by Creem, as the merchant of record.</p>`;
}

/** What the discount takes off; nothing is due in a trial, so there it is only named. */
function discountLine({ discount, discountAmount, product }: CheckoutView): Html | null {
  if (discount === null) return null;
  const off = discountAmount > 0 && `−${moneyInWords(discountAmount, product.currency)}`;
  return html`<p class="discount"><span>${discount.name} <small>${discount.code}</small></span><span>${off}</span></p>`;
}

function form(view: CheckoutView, refused: Refused | null): Html {
  const { product, amount } = view;
  const isTrial = product.trial_period_days != null;
  const label = isTrial ? 'Start trial' : `Pay ${moneyInWords(amount, product.currency)}`;
  return html`
<h2>Pay with card</h2>
<form method="post">
<input type="hidden" name="total" value="${String(amount)}">
${refused && html`<p class="error" role="alert" id="problem">${refused.message}</p>`}
<div class="field">${emailField(view, refused)}</div>
<div class="field">
<label for="cardNumber">Card number</label>
<input class="card" id="cardNumber" name="cardNumber" inputmode="numeric" autocomplete="off" placeholder="4242 4242 4242 4242"
 value="${refused?.cardNumber ?? '4242 4242 4242 4242'}"${invalid(refused, 'cardNumber')}>
</div>
<button class="primary" type="submit" name="action" value="pay">${label}</button>
<button class="plain" type="submit" name="action" value="cancel" formnovalidate>Not now</button>
</form>
<details${refused?.field === 'cardNumber' && html` open`}>
<summary>Test cards</summary>
<table><tbody>${CARDS.map(([number, effect]) => html`<tr><td>${number}</td><td>${effect}</td></tr>`)}</tbody></table>
</details>`;
}

function emailField({ email }: CheckoutView, refused: Refused | null): Html {
  if (email !== null) return html`<p class="label">Email</p><p class="given">${email}</p>`;
  return html`<label for="email">Email</label>
<input id="email" name="email" type="email" autocomplete="email" required value="${refused?.email ?? ''}"${invalid(refused, 'email')}>`;
}

function invalid(refused: Refused | null, field: Refused['field']): Html | false {
  return (
    refused?.field === field && html` aria-invalid="true" aria-describedby="problem" autofocus`
  );
}

/** How often a product is charged; null for one that is charged once. */
export function intervalOf(product: Product): string | null {
  const { recurring_interval: interval, recurring_interval_count: count } = product;
  if (interval == null) return null;
  return everyInWords({ interval, interval_count: count ?? 1 });
}
