/** The limit of everybody's plan: a real one, and far away. */
export const FAR_LIMIT = 1_000_000_000_000;

const COUNTER = `counter { metric kind used limit { kind value } remaining overLimit resetsAt }`;
const RESULT = `__typename ... on RecordUsagePayload { ${COUNTER} } ... on BillingError { code message }`;

const RECORD_USAGE = `mutation Record($input: RecordUsageInput!) { recordUsage(input: $input) { ${RESULT} } }`;
const RECORD_BATCH = `mutation Batch($input: RecordUsageBatchInput!) {
  recordUsageBatch(input: $input) { results { __typename ... on RecordUsagePayload { counter { used } } ... on BillingError { code } } }
}`;

const usageEvent = (idempotencyKey: string) => ({
  metric: 'apiCalls',
  quantity: 1,
  idempotencyKey,
});

/** The body of a request that counts one event. */
export function recordBody(idempotencyKey: string): string {
  const variables = { input: usageEvent(idempotencyKey) };
  return JSON.stringify({ query: RECORD_USAGE, variables });
}

/** The body of a request that counts many; their keys are the given one with a number. */
export function batchBody(idempotencyKey: string, events: number): string {
  const all = Array.from({ length: events }, (_, n) => usageEvent(`${idempotencyKey}-${n}`));
  return JSON.stringify({ query: RECORD_BATCH, variables: { input: { events: all } } });
}
