import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What the server does with one request: answers, or fails in a way that a network can. */
export type Act =
  | { readonly status?: number; readonly json: unknown; readonly headers?: Record<string, string> }
  | { readonly status: number; readonly text: string }
  | 'hang'
  | 'reset'
  | 'truncate'
  | 'dribble';

interface ReceivedRequest {
  readonly line: string;
  readonly params: Readonly<Record<string, string>>;
  readonly idempotencyKey: string | undefined;
  readonly authorization: string | undefined;
}

/**
 * An HTTP server that plays a script, one act per request: the failures and races that no sandbox shows on demand.
 * The last act goes on for ever.
 */
export interface ScriptedStripe extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
}

export async function startScriptedStripe(...acts: readonly Act[]): Promise<ScriptedStripe> {
  const requests: ReceivedRequest[] = [];
  const dribbles = new Set<NodeJS.Timeout>();
  const server = createServer(async (request, response) => {
    const act = acts[Math.min(requests.length, acts.length - 1)];
    requests.push(await read(request));
    if (act !== undefined) play(act, response, dribbles);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      for (const timer of dribbles) clearInterval(timer);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** An error as Stripe words it. */
export function stripeError(
  status: number,
  error: Readonly<Record<string, unknown>>,
  headers: Record<string, string> = {},
): Act {
  return {
    status,
    json: { error: { type: 'invalid_request_error', message: 'Their own words.', ...error } },
    headers: { 'request-id': 'req_1', ...headers },
  };
}

async function read(request: IncomingMessage): Promise<ReceivedRequest> {
  const body = await text(request);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  return {
    line: `${request.method} ${pathname}`,
    params: Object.fromEntries([...searchParams, ...new URLSearchParams(body)]),
    idempotencyKey: request.headers['idempotency-key'] as string | undefined,
    authorization: request.headers.authorization,
  };
}

function play(act: Act, response: ServerResponse, dribbles: Set<NodeJS.Timeout>): void {
  if (act === 'hang') return;
  if (act === 'reset') {
    response.socket?.resetAndDestroy();
  } else if (act === 'truncate') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
    response.write('{"id":"cus_1","obj', () => response.socket?.destroy());
  } else if (act === 'dribble') {
    response.writeHead(200, { 'content-type': 'application/json' });
    dribbles.add(setInterval(() => response.write(' '), 20));
  } else if ('text' in act) {
    response.writeHead(act.status, { 'content-type': 'text/html' }).end(act.text);
  } else {
    const headers = { 'content-type': 'application/json', ...act.headers };
    response.writeHead(act.status ?? 200, headers).end(JSON.stringify(act.json));
  }
}
