import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newKey } from '../flows/given-purchases.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { CreateSetupIntentDocument } from '../support/operations.generated.ts';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
  readonly status: { readonly code?: number };
}

interface Export {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

/** A collector that takes what OTLP over HTTP brings. */
async function startCollector() {
  const spans: Span[] = [];
  const texts: string[] = [];
  const server: Server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += String(part);
    texts.push(`${request.url} ${text}`);
    const { resourceSpans } = JSON.parse(text) as Export;
    spans.push(...resourceSpans.flatMap((each) => each.scopeSpans.flatMap((scope) => scope.spans)));
    response.setHeader('content-type', 'application/json').end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, spans, texts, close: () => server.close() };
}

describe('a gateway whose traces are collected', () => {
  const TRACE = '0af7651916cd43dd8448eb211c80319c';
  let collector: Awaited<ReturnType<typeof startCollector>>;
  let gateway: TestGateway;
  let account: TestAccount;

  beforeAll(async () => {
    collector = await startCollector();
    gateway = await startGateway({
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    });
    account = await gateway.createAccount({ credits: '10' });
    const ask = (query: string, variables: object, headers: Record<string, string>) =>
      fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${account.masterKey}`,
          ...headers,
        },
        body: JSON.stringify({ query, variables }),
      });
    await ask(
      'mutation Spend($input: SpendCreditsInput!) { spendCredits(input: $input) { __typename } }',
      { input: { amount: '1', description: 'words of a customer', idempotencyKey: 'a' } },
      { traceparent: `00-${TRACE}-b7ad6b7169203331-01`, 'x-request-id': 'traced-1' },
    );
    await account.client.send(CreateSetupIntentDocument, { input: { idempotencyKey: newKey() } });
    await fetch(`${gateway.url}/healthz`, { headers: { traceparent: 'nonsense' } });
    // Stopping sends what was not sent yet.
    await gateway.close();
  });
  afterAll(() => collector.close());

  const attribute = (span: Span | undefined, key: string) =>
    Object.values(span?.attributes.find((each) => each.key === key)?.value ?? {})[0];
  const childrenOf = (span: Span | undefined) =>
    collector.spans.filter(({ parentSpanId }) => parentSpanId === span?.spanId);

  it('tells of a request, its operation and its statements, within the trace of who made it', () => {
    const request = collector.spans.find(
      (span) => span.traceId === TRACE && span.name === 'POST /graphql',
    );
    expect(request?.parentSpanId).toBe('b7ad6b7169203331');
    expect(attribute(request, 'http.response.status_code')).toBe(200);
    expect(attribute(request, 'http.route')).toBe('/graphql');
    expect(attribute(request, 'tollgate.request_id')).toBe('traced-1');
    const operation = childrenOf(request).find(({ name }) => name === 'graphql mutation');
    expect(attribute(operation, 'graphql.operation.name')).toBe('Spend');
    expect(childrenOf(operation).map(({ name }) => name)).toContainEqual(
      expect.stringMatching(/^database /),
    );
    expect(collector.texts[0]).toMatch(/^\/v1\/traces .*"service.name".*tollgate/);
  });

  it('tells of calls of the provider, below the operation that made them', () => {
    const call = collector.spans.find(({ name }) => /^provider \w*[sS]etup/.test(name));
    expect(attribute(call, 'peer.service')).toBe('stripe');
    const operation = collector.spans.find(({ spanId }) => spanId === call?.parentSpanId);
    expect(operation?.name).toBe('graphql mutation');
  });

  it('begins a trace of its own where none is named', () => {
    const health = collector.spans.find(({ name }) => name === 'GET /healthz');
    expect(health?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(health?.parentSpanId ?? '').toBe('');
  });

  it('tells no statement, value, key or secret', () => {
    const text = collector.texts.join('\n');
    for (const word of [
      account.masterKey,
      'words of a customer',
      'select ',
      'insert into',
      'sk_test',
      '_secret_',
    ])
      expect(text).not.toContain(word);
  });
});
