import type Stripe from 'stripe';
import { type Html, html } from '../html.ts';
import { everyInWords, moneyInWords } from '../money-words.ts';
import { pageFrame } from '../page.ts';
import type { PriceChange } from './change-price.ts';

export interface PortalView {
  readonly session: Stripe.BillingPortal.Session;
  readonly customer: Stripe.Customer;
  readonly subscription: Stripe.Subscription | null;
  readonly productName: string;
  readonly methods: readonly Stripe.PaymentMethod[];
  /** The payment method that is charged. */
  readonly chargedId: string | null;
  readonly invoices: readonly Stripe.Invoice[];
  readonly nameOf: (price: Stripe.Price) => string;
}

/** What went wrong with a form that was sent. */
export interface PortalNews {
  readonly problem?: string;
  readonly cardNumber?: string;
}

/** What a customer sees of their billing. */
export function portalView(view: PortalView, news: PortalNews): Html {
  return frame(
    view,
    news,
    html`<section class="block" aria-labelledby="plan"><h2 id="plan">Current plan</h2>${plan(view)}</section>
<section class="block" aria-labelledby="cards"><h2 id="cards">Payment method</h2>${cards(view, news)}</section>
<section class="block" aria-labelledby="invoices"><h2 id="invoices">Invoices</h2>${invoices(view)}</section>`,
  );
}

/** What a customer agrees to before a plan changes. */
export function confirmView(view: PortalView, change: PriceChange, news: PortalNews): Html {
  const { currency = 'usd' } = view.subscription ?? {};
  const due = Math.max(
    0,
    change.lines.reduce((sum, line) => sum + line.amount, 0),
  );
  const [item] = change.items;
  return frame(
    view,
    news,
    html`<section class="block" aria-labelledby="confirm"><h2 id="confirm">Confirm your new plan</h2>
${item !== undefined && html`<p class="plan"><b>${view.nameOf(item.price)}</b><span>${priceInWords(item.price)}</span></p>`}
<ul class="lines">${change.lines.map(
      (line) =>
        html`<li><div>${line.description}</div><div class="amount">${moneyInWords(line.amount, currency)}</div></li>`,
    )}</ul>
<p class="due"><span>Due today</span><span>${moneyInWords(due, currency)}</span></p>
<form method="post"><button class="primary" type="submit" name="action" value="confirm">Confirm</button></form></section>`,
  );
}

function frame(view: PortalView, news: PortalNews, body: Html): Html {
  const { session, customer } = view;
  return pageFrame(
    'Billing',
    html`<main class="single"><article class="sheet portal">
<header><h1>Billing</h1><p>${customer.name ?? customer.email ?? ''}</p></header>
${news.problem !== undefined && html`<p class="error" role="alert" id="problem">${news.problem}</p>`}
${body}
${session.return_url !== null && html`<p class="back"><a href="${session.return_url}">Go back</a></p>`}
</article></main>`,
  );
}

function plan({ subscription, productName }: PortalView): Html {
  if (subscription === null) return html`<p class="note">There is no plan.</p>`;
  const [item] = subscription.items.data;
  const ends = subscription.cancel_at;
  const until = item === undefined ? null : day(item.current_period_end);
  const outlook =
    ends === null
      ? subscription.status === 'trialing'
        ? `Free until ${until}, then it renews.`
        : `Renews on ${until}.`
      : `Ends on ${day(ends)}.`;
  return html`<p class="plan"><b>${productName}</b><span>${item === undefined ? null : priceInWords(item.price)}</span></p>
<p class="note">${subscription.status === 'past_due' && html`<strong>A payment failed.</strong> `}${outlook}</p>
<form method="post">${
    ends === null
      ? html`<button class="second" type="submit" name="action" value="cancel">Cancel plan</button>`
      : html`<button class="primary" type="submit" name="action" value="resume">Keep plan</button>`
  }</form>`;
}

function cards({ methods, chargedId }: PortalView, news: PortalNews): Html {
  return html`<ul class="lines">${methods.map(
    (method) => html`<li><div><b>${nameOfMethod(method)}</b>${expiryOf(method)}</div>
<div class="amount">${method.id === chargedId && 'Default'}</div></li>`,
  )}</ul>
<form method="post">
<div class="field">
<label for="cardNumber">New card number</label>
<input class="card" id="cardNumber" name="cardNumber" inputmode="numeric" autocomplete="off" placeholder="4242 4242 4242 4242"
 value="${news.cardNumber ?? ''}"${news.cardNumber !== undefined && html` aria-invalid="true" aria-describedby="problem" autofocus`}>
</div>
<button class="second" type="submit" name="action" value="card">Use this card</button>
</form>`;
}

function invoices(view: PortalView): Html {
  if (view.invoices.length === 0) return html`<p class="note">There are none yet.</p>`;
  return html`<table><tbody>${view.invoices.map(
    (invoice) => html`<tr>
<td>${day(invoice.created)}</td>
<td>${
      invoice.hosted_invoice_url == null
        ? invoice.number
        : html`<a href="${invoice.hosted_invoice_url}">${invoice.number}</a>`
    }</td>
<td class="amount">${moneyInWords(invoice.total, invoice.currency)}</td>
<td>${invoice.status}</td></tr>`,
  )}</tbody></table>`;
}

function nameOfMethod(method: Stripe.PaymentMethod): string {
  const { card, us_bank_account: bank } = method;
  if (card !== undefined) return `${card.brand} •••• ${card.last4}`;
  return `${bank?.bank_name ?? method.type} •••• ${bank?.last4 ?? ''}`;
}

function expiryOf({ card }: Stripe.PaymentMethod): Html | null {
  if (card === undefined) return null;
  return html`<small>Expires ${String(card.exp_month).padStart(2, '0')}/${card.exp_year}</small>`;
}

function priceInWords(price: Stripe.Price): string {
  const every = price.recurring === null ? '' : ` per ${everyInWords(price.recurring)}`;
  return `${moneyInWords(price.unit_amount ?? 0, price.currency)}${every}`;
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
