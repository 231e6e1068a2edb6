import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { GOOD_CARD, givenPlanCheckout, givenReceiver, givenSandbox, stripeAt } from './given.ts';

async function givenBooksFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, 'books.sqlite');
}

describe('a second start on the same books', () => {
  it('finds customers and subscriptions, pages at the new address, and the clock', async () => {
    const booksFile = await givenBooksFile();
    const before = await givenSandbox({ booksFile });
    const { url, customer, price } = await givenPlanCheckout(before.stripe);
    await before.submit(url, { action: 'pay', cardNumber: GOOD_CARD });
    const open = await before.stripe.checkout.sessions.create({
      mode: 'subscription',
      customer: customer.id,
      line_items: [{ price: price.id, quantity: 1 }],
      success_url: 'http://localhost/done',
    });
    before.sandbox.moveClock(new Date(before.sandbox.now().getTime() + 3_600_000));
    await before.sandbox.close();

    const { stripe, sandbox, submit } = await givenSandbox({ booksFile });

    const subscriptions = await stripe.subscriptions.list({ customer: customer.id });
    expect(subscriptions.data).toMatchObject([{ status: 'active' }]);
    const found = await stripe.checkout.sessions.retrieve(open.id);
    expect(found.url).toBe(`${sandbox.url}/checkout/${open.id}`);
    expect((await submit(found.url ?? '', { action: 'pay', cardNumber: GOOD_CARD })).status).toBe(
      303,
    );
    expect(sandbox.now().getTime()).toBeGreaterThan(Date.now() + 3_500_000);
  });

  it('delivers what was not delivered, and what a killed process had promised', async () => {
    const booksFile = await givenBooksFile();
    const { url, kill } = await givenSandboxProcess(booksFile);
    const customer = await stripeAt(url).customers.create({ email: 'ada@example.com' });
    await kill();

    const receiver = await givenReceiver();
    const { stripe } = await givenSandbox({ booksFile, webhookUrl: receiver.url });

    expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ id: customer.id });
    await vi.waitFor(() => expect(receiver.types()).toEqual(['customer.created']), 5000);
  });
});

/** A sandbox in a process of its own, which can be killed without warning. */
async function givenSandboxProcess(booksFile: string) {
  const program = `
    const { startSandbox } = await import(${JSON.stringify(join(process.cwd(), 'src/sandbox/sandbox.ts'))});
    const { url } = await startSandbox({
      host: '127.0.0.1', port: 0, booksFile: ${JSON.stringify(booksFile)},
      stripe: { secretKey: 'sk_test_sandbox', publishableKey: 'pk', webhookSecrets: ['whsec'], webhookUrl: null },
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    console.log(url);`;
  const child: ChildProcess = spawn(
    process.execPath,
    ['--experimental-transform-types', '--no-warnings', '--input-type=module', '-e', program],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const [url] = (await once(createInterface({ input: child.stdout ?? process.stdin }), 'line')) as [
    string,
  ];
  return {
    url,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
