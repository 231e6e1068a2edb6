/** The job that works on one event; its payload is `{ id }`. */
export const WORK_WEBHOOK_EVENT = 'work-webhook-event';
/** The job that works on events that arrived together; its payload is `{ ids }`. */
export const WORK_WEBHOOK_EVENTS = 'work-webhook-events';
