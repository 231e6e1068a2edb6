import { type CronEntry, idIn, idsIn, type Tasks } from '../jobs/task.ts';
import type { EventWorker } from './event-worker.ts';
import type { Inbox } from './inbox.ts';
import {
  WORK_WEBHOOK_EVENT,
  WORK_WEBHOOK_EVENTS,
  WORK_WEBHOOK_ROUND,
} from './webhook-event.model.ts';

const ENQUEUE_FORGOTTEN = 'enqueue-forgotten-webhook-events';

/** The jobs of the inbox. */
export function inboxTasks(inbox: Inbox, worker: EventWorker): Tasks {
  return {
    [WORK_WEBHOOK_EVENT]: (payload) => worker.work(idIn(payload)),
    [WORK_WEBHOOK_ROUND]: async (payload, { attempt }) => {
      await inbox.untilCalm();
      await worker.workTogether(await inbox.endRound(idIn(payload)), attempt === 1);
    },
    [WORK_WEBHOOK_EVENTS]: async (payload, { attempt }) => {
      await inbox.untilCalm();
      await worker.workTogether(idsIn(payload), attempt === 1);
    },
    [ENQUEUE_FORGOTTEN]: () => inbox.enqueueForgotten(),
  };
}

export const inboxCrontab: readonly CronEntry[] = [
  { pattern: '* * * * *', task: ENQUEUE_FORGOTTEN },
];
