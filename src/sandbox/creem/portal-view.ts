import { type Html, html } from '../html.ts';
import { moneyInWords } from '../money-words.ts';
import { pageFrame } from '../page.ts';
import { intervalOf } from './checkout-view.ts';
import type { Card, Customer, Product, Subscription, Transaction } from './creem-world.ts';

interface PortalView {
  readonly customer: Customer;
  readonly subscription: Subscription | null;
  readonly product: Product | null;
  readonly card: Card | null;
  readonly transactions: readonly Transaction[];
}

export interface PortalNews {
  readonly problem?: string;
  readonly cardNumber?: string;
}

/** A customer's own page. */
export function portalView(view: PortalView, news: PortalNews): Html {
  return pageFrame(
    'Billing',
    html`<main class="single"><article class="sheet portal">
<header><h1>Billing</h1><p>${view.customer.name ?? view.customer.email}</p></header>
${news.problem !== undefined && html`<p class="error" role="alert" id="problem">${news.problem}</p>`}
<section class="block" aria-labelledby="plan"><h2 id="plan">Current plan</h2>${plan(view)}</section>
<section class="block" aria-labelledby="card"><h2 id="card">Payment method</h2>${card(view, news)}</section>
<section class="block" aria-labelledby="payments"><h2 id="payments">Payments</h2>${payments(view)}</section>
</article></main>`,
  );
}

function plan({ subscription, product }: PortalView): Html {
  if (subscription === null || product === null) return html`<p class="note">There is no plan.</p>`;
  const price = `${moneyInWords(product.price, product.currency)} per ${intervalOf(product)}`;
  const isEnding = subscription.status === 'scheduled_cancel';
  const isPaused = subscription.status === 'paused';
  return html`<p class="plan"><b>${product.name}</b><span>${price}</span></p>
<p class="note">${subscription.status === 'past_due' && html`<strong>A payment failed.</strong> `}${outlookOf(subscription)}</p>
<form method="post">${
    isEnding || isPaused
      ? html`<button class="primary" type="submit" name="action" value="resume">Keep plan</button>`
      : html`<button class="second" type="submit" name="action" value="cancel">Cancel plan</button>`
  }</form>`;
}

function outlookOf(subscription: Subscription): string {
  const until = day(subscription.current_period_end_date);
  switch (subscription.status) {
    case 'scheduled_cancel':
      return `Ends on ${until}.`;
    case 'trialing':
      return `Free until ${until}, then it renews.`;
    case 'past_due':
      return `It is tried again on ${day(subscription.next_transaction_date ?? '')}.`;
    case 'paused':
      return 'It is paused.';
    default:
      return `Renews on ${until}.`;
  }
}

function card({ card: kept }: PortalView, news: PortalNews): Html {
  return html`${kept !== null && html`<ul class="lines"><li><div><b>${kept.brand} •••• ${kept.number.slice(-4)}</b></div></li></ul>`}
<form method="post">
<div class="field">
<label for="cardNumber">New card number</label>
<input class="card" id="cardNumber" name="cardNumber" inputmode="numeric" autocomplete="off" placeholder="4242 4242 4242 4242"
 value="${news.cardNumber ?? ''}"${news.cardNumber !== undefined && html` aria-invalid="true" aria-describedby="problem" autofocus`}>
</div>
<button class="second" type="submit" name="action" value="card">Use this card</button>
</form>`;
}

function payments({ transactions }: PortalView): Html {
  if (transactions.length === 0) return html`<p class="note">There are none yet.</p>`;
  return html`<table><tbody>${transactions.map(
    (transaction) => html`<tr>
<td>${day(new Date(transaction.created_at).toISOString())}</td>
<td>${transaction.description ?? ''}</td>
<td class="amount">${moneyInWords(transaction.amount, transaction.currency)}</td>
<td>${transaction.status}</td></tr>`,
  )}</tbody></table>`;
}

function day(instant: string): string {
  return instant.slice(0, 10);
}
