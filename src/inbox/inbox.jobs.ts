import { type CronEntry, idIn, type Tasks } from '../jobs/task.ts';
import type { Inbox } from './inbox.ts';
import { WORK_WEBHOOK_EVENT } from './webhook-event.model.ts';

const ENQUEUE_FORGOTTEN = 'enqueue-forgotten-webhook-events';

/** The jobs of the inbox. */
export function inboxTasks(inbox: Inbox): Tasks {
  return {
    [WORK_WEBHOOK_EVENT]: (payload) => inbox.work(idIn(payload)),
    [ENQUEUE_FORGOTTEN]: () => inbox.enqueueForgotten(),
  };
}

export const inboxCrontab: readonly CronEntry[] = [
  { pattern: '* * * * *', task: ENQUEUE_FORGOTTEN },
];
