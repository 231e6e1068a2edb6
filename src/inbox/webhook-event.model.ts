/** The job that works on one event; its payload is `{ id }`. */
export const WORK_WEBHOOK_EVENT = 'work-webhook-event';
/** The job that works on the events of a round; its payload is the round's `{ id }`. */
export const WORK_WEBHOOK_ROUND = 'work-webhook-round';
/** As it was before there were rounds, and may wait in a queue still; its payload is `{ ids }`. */
export const WORK_WEBHOOK_EVENTS = 'work-webhook-events';
