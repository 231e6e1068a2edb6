import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { control, forgetFaults } from '../../flows/given-purchases.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { CreatePortalSessionDocument } from '../../support/operations.generated.ts';
import { cardsOf } from '../payment-method/given-cards.ts';
import {
  atProvider,
  cancel,
  givenSubscriber,
  openPortal,
  press,
  resume,
  subscriptionOf,
} from './given-subscription.ts';

describe('ending a subscription', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterEach(() => forgetFaults(gateway));
  afterAll(() => gateway.close());

  it('waits for the end of what was paid for, unless told otherwise', async () => {
    const account = await givenSubscriber(gateway);
    const { currentPeriodEnd } = await subscriptionOf(account);

    const answer = await cancel(account, { reason: 'Too much of it.' });

    expect(answer).toMatchObject({
      cancelAt: currentPeriodEnd,
      subscription: { status: 'ACTIVE', cancelAtPeriodEnd: true, cancelAt: currentPeriodEnd },
    });
    const { subscription } = await atProvider(gateway, account);
    expect(subscription?.cancellation_details?.comment).toBe('Too much of it.');
    expect(await cancel(account)).toEqual(answer);
  });

  it('is taken back by resuming, and can be told again', async () => {
    const account = await givenSubscriber(gateway);
    await cancel(account);

    expect(await resume(account)).toMatchObject({
      subscription: { cancelAtPeriodEnd: false, cancelAt: null },
    });
    expect((await resume(account)).__typename).toBe('NotAllowedNow');
    expect(await cancel(account)).toMatchObject({ subscription: { cancelAtPeriodEnd: true } });
  });

  it('happens at once when that is asked for', async () => {
    const account = await givenSubscriber(gateway);

    const answer = await cancel(account, { atPeriodEnd: false });

    expect(answer).toMatchObject({ subscription: { status: 'CANCELED' } });
    expect((await subscriptionOf(account)).accountStatus).toBe('DELETED');
    expect((await cancel(account)).__typename).toBe('NotAllowedNow');
    expect((await resume(account)).__typename).toBe('NotAllowedNow');
  });

  it('is refused to an account without a subscription', async () => {
    const account = await gateway.createAccount();

    expect((await cancel(account)).__typename).toBe('NotAllowedNow');
    expect((await resume(account)).__typename).toBe('NotAllowedNow');
  });

  it('is promised once when the answer was lost', async () => {
    const account = await givenSubscriber(gateway);
    await control(gateway, 'faults', {
      effect: 'reset',
      after: true,
      method: 'POST',
      path: '/v1/subscriptions/*',
    });

    expect(await cancel(account)).toMatchObject({ subscription: { cancelAtPeriodEnd: true } });
  });

  describe('in the portal', () => {
    it('cancels and resumes, and the webhooks follow', async () => {
      const account = await givenSubscriber(gateway);
      const url = await openPortal(account);

      expect(await press(url, 'cancel')).toBe(303);
      await gateway.settled();
      expect(await subscriptionOf(account)).toMatchObject({ cancelAtPeriodEnd: true });
      expect(await press(url, 'resume')).toBe(303);
      await gateway.settled();

      expect(await subscriptionOf(account)).toMatchObject({ cancelAtPeriodEnd: false });
    });

    it('changes the card that is charged, and says why one is refused', async () => {
      const account = await givenSubscriber(gateway);
      const url = await openPortal(account);

      expect(await press(url, 'card', '4000000000000002')).toBe(402);
      expect(await press(url, 'card', '5555555555554444')).toBe(303);
      await gateway.settled();

      expect((await cardsOf(account)).paymentMethods).toMatchObject([
        { brand: 'mastercard', isDefault: true },
        { brand: 'visa', isDefault: false },
      ]);
    });

    it('opens to nobody without its address, and leads only to allowed places', async () => {
      const account = await gateway.createAccount();
      const url = new URL(await openPortal(account));

      expect(url.pathname).toMatch(/^\/portal\/test_.{30,}$/);
      expect((await fetch(`${url.origin}/portal/test_guess`)).status).toBe(404);
      await expect(
        account.client.request(CreatePortalSessionDocument, {
          input: { returnUrl: 'https://evil.example' },
        }),
      ).rejects.toThrow('REDIRECT_ORIGINS');
    });

    it('is the one of the channel that is asked for', async () => {
      const account = await gateway.createAccount();

      const { createPortalSession } = await account.client.request(CreatePortalSessionDocument, {
        input: { returnUrl: 'http://localhost:3000', channel: 'CREEM' },
      });

      expect(createPortalSession).toMatchObject({
        __typename: 'CreatePortalSessionPayload',
        url: expect.stringContaining('/creem/portal/'),
      });
    });
  });
});
