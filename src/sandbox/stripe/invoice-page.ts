import type { FastifyInstance } from 'fastify';
import type Stripe from 'stripe';
import { type Html, html } from '../html.ts';
import { moneyInWords } from '../money-words.ts';
import { messagePage, pageFrame, sendPage } from '../page.ts';
import { textPdf } from '../text-pdf.ts';
import type { StripeWorld } from './stripe-world.ts';

/** What `hosted_invoice_url` and `invoice_pdf` point to. */
export function registerInvoicePage(app: FastifyInstance, world: StripeWorld): void {
  app.get<{ Params: { id: string } }>('/invoices/:id', (request, reply) => {
    const invoice = world.find('invoice', request.params.id);
    if (invoice !== undefined) return sendPage(reply, 200, invoiceView(invoice));
    return sendPage(reply, 404, messagePage('Not found', 'There is no such invoice.', null));
  });
  app.get<{ Params: { id: string } }>('/invoices/:id/pdf', (request, reply) => {
    const invoice = world.find('invoice', request.params.id);
    if (invoice === undefined) {
      return sendPage(reply, 404, messagePage('Not found', 'There is no such invoice.', null));
    }
    return reply
      .type('application/pdf')
      .header(
        'content-disposition',
        `inline; filename="Invoice-${invoice.number ?? invoice.id}.pdf"`,
      )
      .send(textPdf(invoiceText(invoice)));
  });
}

function invoiceView(invoice: Stripe.Invoice): Html {
  return pageFrame(
    `Invoice ${invoice.number ?? ''}`,
    html`<main><article class="paper">
<header><div><h1>Invoice ${invoice.number}</h1><p class="state">${stateOf(invoice)}</p></div>
<p>${invoice.customer_name ?? invoice.customer_email ?? ''}</p></header>
<ul class="lines">${invoice.lines.data.map(
      (
        line,
      ) => html`<li><div><b>${line.description}</b><small>${day(line.period.start)} – ${day(line.period.end)}</small></div>
<div class="amount">${moneyInWords(line.amount, invoice.currency)}</div></li>`,
    )}</ul>
<p class="due"><span>Total</span><span>${moneyInWords(invoice.total, invoice.currency)}</span></p>
${invoice.invoice_pdf == null ? null : html`<p class="note"><a href="${invoice.invoice_pdf}">Download as PDF</a></p>`}
</article></main>`,
  );
}

function invoiceText(invoice: Stripe.Invoice): string[] {
  return [
    `Invoice ${invoice.number ?? ''}`,
    'Sandbox: no real money moved.',
    '',
    stateOf(invoice),
    `To: ${invoice.customer_name ?? invoice.customer_email ?? invoice.customer}`,
    '',
    ...invoice.lines.data.flatMap((line) => [
      `${line.description}   ${moneyInWords(line.amount, invoice.currency)}`,
      `    ${day(line.period.start)} to ${day(line.period.end)}`,
    ]),
    '',
    `Total: ${moneyInWords(invoice.total, invoice.currency)}`,
    `Paid: ${moneyInWords(invoice.amount_paid, invoice.currency)}`,
  ];
}

function stateOf(invoice: Stripe.Invoice): string {
  const paidAt = invoice.status_transitions.paid_at;
  return paidAt === null ? `Status: ${invoice.status}` : `Paid on ${day(paidAt)}`;
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
