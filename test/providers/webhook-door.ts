import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { ReceivedWebhook } from './provider-under-test.ts';

/** A door that takes every webhook as it comes. */
export async function openWebhookDoor() {
  const webhooks: ReceivedWebhook[] = [];
  const server = createServer(async (request, response) => {
    webhooks.push({ rawBody: await buffer(request), headers: request.headers });
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    webhooks,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Submits the form of a hosted page. A declined card is 402: the page again, with what went wrong. */
export async function submit(pageUrl: string, form: Record<string, string>): Promise<void> {
  const body = new URLSearchParams(form);
  const answer = await fetch(pageUrl, { method: 'POST', body, redirect: 'manual' });
  if (answer.status !== 303 && answer.status !== 402) {
    throw new Error(`The page answered ${answer.status}: ${await answer.text()}`);
  }
  await answer.body?.cancel();
}

/** Turns the sandbox's control door. */
export async function control(sandboxUrl: string, what: string, order: object): Promise<void> {
  const answer = await fetch(`${sandboxUrl}/_control/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
  });
  if (!answer.ok)
    throw new Error(`The control door answered ${answer.status}: ${await answer.text()}`);
  await answer.body?.cancel();
}

export async function forgetFaults(sandboxUrl: string): Promise<void> {
  await fetch(`${sandboxUrl}/_control/faults`, { method: 'DELETE' });
}
