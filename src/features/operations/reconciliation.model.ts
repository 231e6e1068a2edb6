/** Where a provider's ids mean something: Tollgate's own sandbox, or the provider's test or live mode. */
export type ProviderEnvironment = 'sandbox' | 'test' | 'live';

/** What one look at a provider found that no webhook had told. */
export interface Repairs {
  /** Announcements that had not arrived. */
  readonly events: number;
  /** Orders that became something else. */
  readonly orders: number;
  /** Subscriptions whose state or invoices were behind. */
  readonly subscriptions: number;
}
