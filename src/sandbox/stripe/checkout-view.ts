import type Stripe from 'stripe';
import { type Html, html } from '../html.ts';
import { everyInWords, moneyInWords } from '../money-words.ts';
import { pageFrame } from '../page.ts';
import type { CheckoutLine } from './checkout-lines.ts';

export interface CheckoutView {
  readonly session: Stripe.Checkout.Session;
  readonly lines: readonly CheckoutLine[];
  /** Unix seconds; null or 0 without a trial. */
  readonly trialEnd: number | null;
  /** Null when the page has to ask for it. */
  readonly email: string | null;
  readonly cardOptional: boolean;
  /** The coupon that it is discounted by; null without one. */
  readonly coupon: { readonly name: string; readonly isForOnce: boolean } | null;
}

export interface Refused {
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
  const verb = view.session.mode === 'subscription' ? 'Subscribe' : 'Pay';
  return pageFrame(
    `${verb} – Checkout`,
    html`<main class="checkout">
<section class="summary" aria-label="Your order"><div class="inner">${summary(view)}</div></section>
<section class="pay" aria-label="Payment"><div class="inner">${form(view, refused)}</div></section>
</main>`,
  );
}

function summary(view: CheckoutView): Html {
  const { session, lines } = view;
  const [first] = lines;
  const recurring = lines.find((line) => line.price.recurring !== null)?.price.recurring;
  const total = words(session, session.amount_total ?? 0);
  const later = lines.reduce(
    (sum, line) => sum + (line.price.recurring ? (line.price.unit_amount ?? 0) * line.quantity : 0),
    0,
  );
  return html`
<h1>${recurring ? `Subscribe to ${first?.name ?? ''}` : (first?.name ?? 'Your order')}</h1>
<p class="total">${
    view.trialEnd && recurring
      ? html`<b>${daysFree(view)}</b><span>Then ${words(session, later)} per ${everyInWords(recurring)}, from ${day(view.trialEnd)}</span>`
      : html`<b>${total}</b>${recurring ? html`<span>${(view.coupon?.isForOnce ?? false) && `today, then ${words(session, later)} `}per ${everyInWords(recurring)}</span>` : null}`
  }</p>
<ul class="lines">${lines.map((line) => lineItem(view, line))}</ul>
${discountLine(view)}
<p class="due"><span>Total due today</span><span>${total}</span></p>`;
}

function lineItem(view: CheckoutView, line: CheckoutLine): Html {
  const { price, quantity } = line;
  const each = words(view.session, price.unit_amount ?? 0);
  const every = price.recurring ? ` per ${everyInWords(price.recurring)}` : '';
  const detail = quantity > 1 ? `${quantity} × ${each}${every}` : line.description;
  return html`<li>
<div><b>${line.name}</b>${detail && html`<small>${detail}</small>`}</div>
<div class="amount">${words(view.session, (price.unit_amount ?? 0) * quantity)}${every && html`<small>${every}</small>`}</div>
</li>`;
}

/** What the coupon takes off; nothing is due in a trial, so there it is only named. */
function discountLine({ session, coupon }: CheckoutView): Html | null {
  if (coupon === null) return null;
  const off = session.total_details?.amount_discount ?? 0;
  return html`<p class="discount"><span>${coupon.name}</span><span>${off > 0 && `−${words(session, off)}`}</span></p>`;
}

function form(view: CheckoutView, refused: Refused | null): Html {
  const { session } = view;
  const verb =
    session.mode === 'subscription'
      ? 'Subscribe'
      : `Pay ${words(session, session.amount_total ?? 0)}`;
  const label = view.trialEnd ? 'Start trial' : verb;
  return html`
<h2>Pay with card</h2>
<form method="post">
${refused && html`<p class="error" role="alert" id="problem">${refused.message}</p>`}
<div class="field">${emailField(view, refused)}</div>
<div class="field">
<label for="cardNumber">Card number${view.cardOptional && ' (optional)'}</label>
<input class="card" id="cardNumber" name="cardNumber" inputmode="numeric" autocomplete="off" placeholder="4242 4242 4242 4242"
 value="${refused?.cardNumber ?? (view.cardOptional ? '' : '4242 4242 4242 4242')}"${invalid(refused, 'cardNumber')}>
</div>
<button class="primary" type="submit" name="action" value="pay">${label}</button>
${(session.amount_total ?? 0) > 0 && html`<button class="second" type="submit" name="action" value="pay_later">Pay by bank debit</button>`}
<button class="plain" type="submit" name="action" value="cancel" formnovalidate>Cancel</button>
</form>
<details${refused?.field === 'cardNumber' && html` open`}>
<summary>Test cards</summary>
<table><tbody>${CARDS.map(([number, effect]) => html`<tr><td>${number}</td><td>${effect}</td></tr>`)}</tbody></table>
<p class="note">A bank debit completes the checkout at once and is settled later, through the sandbox’s control door.</p>
</details>`;
}

function emailField(view: CheckoutView, refused: Refused | null): Html | false {
  if (view.email === '') return false;
  if (view.email !== null)
    return html`<p class="label">Email</p><p class="given">${view.email}</p>`;
  return html`<label for="email">Email</label>
<input id="email" name="email" type="email" autocomplete="email" required value="${refused?.email ?? ''}"${invalid(refused, 'email')}>`;
}

function invalid(refused: Refused | null, field: Refused['field']): Html | false {
  return (
    refused?.field === field && html` aria-invalid="true" aria-describedby="problem" autofocus`
  );
}

function daysFree(view: CheckoutView): string {
  const days = Math.round(((view.trialEnd ?? 0) - view.session.created) / 86_400);
  return days === 1 ? '1 day free' : `${days} days free`;
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toLocaleDateString('en-US', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  });
}

function words(session: Stripe.Checkout.Session, amount: number): string {
  return moneyInWords(amount, session.currency ?? 'usd');
}
