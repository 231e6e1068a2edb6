import type { AccountService } from '../features/account/account.service.ts';
import { dispatchTo, type EventServices } from '../inbox/dispatch.ts';
import { EventApplier } from '../inbox/event-applier.ts';
import { EventWorker } from '../inbox/event-worker.ts';
import { InboxStore } from '../inbox/inbox.store.ts';
import { Inbox } from '../inbox/inbox.ts';
import { InboxListStore } from '../inbox/inbox-list.store.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/database.ts';
import type { Logger } from '../platform/logger.ts';
import type { Channel } from '../platform/money.ts';
import type { PaymentProvider } from '../providers/payment-provider.ts';

interface InboxServicesNeeds extends EventServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly providers: ReadonlyMap<Channel, PaymentProvider>;
  readonly accounts: AccountService;
}

/** Where webhooks are kept, and who works on them. */
export function composeInbox(services: InboxServicesNeeds) {
  const store = new InboxStore(services.database);
  const inbox = new Inbox({ ...services, store, lists: new InboxListStore(services.database) });
  const applier = new EventApplier({ ...services, store });
  const dispatch = dispatchTo(services);
  const eventWorker = new EventWorker({ ...services, store, applier, dispatch });
  return { inbox, eventWorker };
}
