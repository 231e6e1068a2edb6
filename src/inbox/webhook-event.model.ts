/** The job that works on one event. */
export const WORK_WEBHOOK_EVENT = 'work-webhook-event';
