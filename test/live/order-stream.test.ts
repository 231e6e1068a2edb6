import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { CreateCheckoutDocument, OrderChangedDocument } from '../support/operations.generated.ts';
import { notify } from './given.ts';

describe('orderChanged', () => {
  let gateway: TestGateway;
  // Time stands still: two changes of an order happen in the same millisecond.
  const clock = new ManualClock();
  beforeAll(async () => {
    gateway = await startGateway({ clock });
  });
  afterAll(() => gateway.close());

  async function givenOrder(account: TestAccount, idempotencyKey: string) {
    const { createCheckout } = await account.client.request(CreateCheckoutDocument, {
      input: {
        planSlug: 'starter-pro',
        successUrl: 'http://localhost:3000/a',
        cancelUrl: 'http://localhost:3000/b',
        idempotencyKey,
      },
    });
    if (createCheckout.__typename !== 'CreateCheckoutPayload')
      throw new Error(createCheckout.__typename);
    return createCheckout;
  }

  it('tells the order first and then each of its changes, even within a millisecond', async () => {
    const account = await gateway.createAccount();
    const { order, checkoutUrl } = await givenOrder(account, 'a');
    const live = gateway.live(account.masterKey).subscribe(OrderChangedDocument, { id: order.id });
    expect((await live.next()).orderChanged).toMatchObject({ status: 'PENDING', checkoutUrl });

    await notify(gateway.database, `order:${order.id}`);
    await fetch(checkoutUrl, {
      method: 'POST',
      body: new URLSearchParams({ action: 'pay', cardNumber: '4242424242424242' }),
      redirect: 'manual',
    });

    expect((await live.next()).orderChanged).toMatchObject({ status: 'PAID' });
  });

  it('shows an order to nobody else', async () => {
    const { order } = await givenOrder(await gateway.createAccount(), 'a');
    const stranger = await gateway.createAccount();
    const live = gateway.live(stranger.masterKey).subscribe(OrderChangedDocument, { id: order.id });
    expect(await live.ended()).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  });
});
