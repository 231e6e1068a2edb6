/*
 * Events as Creem sends them, in the shapes of the installed `creem` package. What that leaves out (an older event has no
 * `last_transaction`) is left out here too, where a test says so.
 */

export const PRODUCT = {
  id: 'prod_d1AY2Sadk9YAvLI0pj97f',
  mode: 'test',
  object: 'product',
  name: 'Monthly',
  description: 'Monthly',
  image_url: null,
  price: 1000,
  currency: 'EUR',
  billing_type: 'recurring',
  billing_period: 'every-month',
  status: 'active',
  tax_mode: 'exclusive',
  tax_category: 'saas',
  default_success_url: '',
  created_at: '2024-10-11T11:50:00.182Z',
  updated_at: '2024-10-11T11:50:00.182Z',
};

export const CUSTOMER = {
  id: 'cust_2fQZKKUZqtNhH2oDWevQkW',
  mode: 'test',
  object: 'customer',
  email: 'tester@example.com',
  name: 'John Doe',
  country: 'NL',
  created_at: '2024-10-11T11:50:00.182Z',
  updated_at: '2024-10-11T11:50:00.182Z',
};

export const TRANSACTION = {
  id: 'tran_5yMaWzAl3jxuGJMCOrYWwk',
  mode: 'test',
  object: 'transaction',
  amount: 1000,
  amount_paid: 1210,
  currency: 'EUR',
  type: 'invoice',
  tax_country: 'NL',
  tax_amount: 210,
  status: 'paid',
  refunded_amount: null,
  order: 'ord_4aDwWXjMLpes4Kj4XqNnUA',
  subscription: 'sub_6pC2lNB6joCRQIZ1aMrTpi',
  description: 'Subscription payment',
  period_start: 1728734326000,
  period_end: 1731412726000,
  created_at: 1728734327109,
};

export const SUBSCRIPTION = {
  id: 'sub_6pC2lNB6joCRQIZ1aMrTpi',
  mode: 'test',
  object: 'subscription',
  product: PRODUCT,
  customer: CUSTOMER,
  collection_method: 'charge_automatically',
  status: 'active',
  last_transaction_id: TRANSACTION.id,
  last_transaction: TRANSACTION,
  last_transaction_date: '2024-10-12T11:58:47.109Z',
  next_transaction_date: '2024-11-12T11:58:38.000Z',
  current_period_start_date: '2024-10-12T11:58:38.000Z',
  current_period_end_date: '2024-11-12T11:58:38.000Z',
  canceled_at: null,
  created_at: '2024-10-12T11:58:45.425Z',
  updated_at: '2024-10-12T11:58:45.425Z',
  metadata: { accountId: 'acc_1', orderId: 'order_1', seats: 3 },
};

const ORDER = {
  id: 'ord_4aDwWXjMLpes4Kj4XqNnUA',
  mode: 'test',
  object: 'order',
  customer: CUSTOMER.id,
  product: PRODUCT.id,
  transaction: TRANSACTION.id,
  amount: 1500,
  currency: 'EUR',
  status: 'paid',
  type: 'onetime',
  created_at: '2024-10-12T11:58:33.097Z',
  updated_at: '2024-10-12T11:58:33.097Z',
};

export const CHECKOUT = {
  id: 'ch_4l0N34kxo16AhRKUHFUuXr',
  mode: 'test',
  object: 'checkout',
  status: 'completed',
  request_id: 'tollgate-order-order_1',
  product: { ...PRODUCT, billing_type: 'onetime', billing_period: 'once' },
  units: 1,
  custom_price: 1500,
  order: ORDER,
  customer: CUSTOMER,
  success_url: 'https://example.com/done',
  metadata: { accountId: 'acc_1', orderId: 'order_1' },
};

export const REFUND = {
  id: 'ref_3DB9NQFvk18TJwSqd0N6bd',
  mode: 'test',
  object: 'refund',
  status: 'succeeded',
  refund_amount: 1210,
  refund_currency: 'EUR',
  reason: 'requested_by_customer',
  transaction: { ...TRANSACTION, status: 'refunded', refunded_amount: 1210 },
  subscription: SUBSCRIPTION,
  customer: CUSTOMER,
  created_at: 1728734351631,
};

export const DISPUTE = {
  id: 'disp_6vSsOdTANP5PhOzuDlUuXE',
  mode: 'test',
  object: 'dispute',
  amount: 1210,
  currency: 'EUR',
  transaction: TRANSACTION,
  customer: CUSTOMER,
  created_at: 1750941264812,
};

/** An event about an object. */
export function recorded(eventType: string, object: object, createdAt = 1728734327355) {
  return { id: 'evt_21mO1jWmU2QHe7u2oFV7y1', eventType, created_at: createdAt, object };
}
