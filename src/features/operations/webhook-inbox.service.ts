import type { Page, PageRequest } from '../../platform/paging.ts';
import type { WebhookEvent, WebhookEventFilter } from './webhook-event.model.ts';

/** Where webhooks are kept, as far as administrators deal with it. */
export interface WebhookInbox {
  /** A page of events, the last received first. Throws InvalidInput. */
  events(filter: WebhookEventFilter, request: PageRequest): Promise<Page<WebhookEvent>>;
  eventCount(filter: WebhookEventFilter): Promise<bigint>;
  /** Puts an event back to the beginning, whatever became of it. Throws NotFound. */
  replay(eventId: string): Promise<WebhookEvent>;
}
