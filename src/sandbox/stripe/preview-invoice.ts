import { previewOf, priceChange } from './change-price.ts';
import { endpoint } from './endpoint.ts';
import { badRequest, missingParameter, refuseUnplayed } from './stripe-problem.ts';

/** What a change of a subscription's prices would be invoiced at once; nothing of it is kept. */
export const invoicePreviewEndpoint = endpoint(
  'POST /v1/invoices/create_preview',
  'invoice',
  'createPreview',
  ({ world, params }) => {
    refuseUnplayed(params, [
      'customer_details',
      'discounts',
      'invoice_items',
      'schedule',
      'schedule_details',
    ]);
    if (params.subscription === undefined) throw missingParameter('subscription');
    const subscription = world.get('subscription', params.subscription, 'subscription');
    if (subscription.status === 'canceled') {
      throw badRequest('The subscription is canceled: it has no next invoice.', {
        code: 'invoice_upcoming_none',
      });
    }
    const { items = [], ...details } = params.subscription_details ?? {};
    const change = priceChange(world, subscription, {
      items,
      behavior: details.proration_behavior,
      date: details.proration_date,
    });
    return previewOf(world, subscription, change);
  },
);
