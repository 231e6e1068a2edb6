import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  booksOf,
  checkout,
  control,
  forgetFaults,
  newKey,
  pageOf,
  pay,
  sql,
} from '../../flows/given-purchases.ts';
import { startGateway, type TestAccount, type TestGateway } from '../../support/gateway.ts';
import {
  attach,
  cardsOf,
  detach,
  givenCard,
  givenSetupIntent,
  providerCards,
  saveCard,
  setUp,
} from './given-cards.ts';

describe('the cards of an account', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterEach(() => forgetFaults(gateway));
  afterAll(() => gateway.close());

  const setStatus = (account: TestAccount, status: string) =>
    sql(gateway, 'update account set status = $2 where id = $1', [account.id, status]);

  describe('attaching', () => {
    it('saves a card and makes it what is charged, here and at the provider', async () => {
      const account = await gateway.createAccount();
      expect(await cardsOf(account)).toMatchObject({ hasPaymentMethod: false, paymentMethods: [] });

      const card = await givenCard(account);

      expect(card).toMatchObject({ type: 'card', brand: 'visa', last4: '4242', isDefault: true });
      const { default: atProvider, attached } = await providerCards(gateway, account.id);
      expect(attached).toEqual([atProvider]);
      expect(await cardsOf(account)).toMatchObject({
        hasPaymentMethod: true,
        paymentMethods: [card],
      });
    });

    it('answers a repeated key with the same card, and refuses it with other input', async () => {
      const account = await gateway.createAccount();
      const key = newKey();

      const first = await attach(account, 'pm_card_visa', key);
      const again = await attach(account, 'pm_card_visa', key);
      const other = await attach(account, 'pm_card_mastercard', key);

      expect(again).toEqual(first);
      expect(other.__typename).toBe('IdempotencyConflict');
      expect((await providerCards(gateway, account.id)).attached).toHaveLength(1);
    });

    it('makes one card of the same request sent five times at once', async () => {
      const account = await gateway.createAccount();
      const key = newKey();

      const answers = await Promise.all(
        Array.from({ length: 5 }, () => attach(account, 'pm_card_visa', key)),
      );

      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect((await providerCards(gateway, account.id)).attached).toHaveLength(1);
      expect((await cardsOf(account)).paymentMethods).toHaveLength(1);
    });

    it('says that a card is declined with its code, keeps nothing, and takes another try', async () => {
      const account = await gateway.createAccount();
      const key = newKey();

      const declined = await attach(account, 'pm_card_visa_chargeDeclined', key);

      expect(declined).toMatchObject({
        __typename: 'PaymentDeclined',
        code: 'PAYMENT_DECLINED',
        message: 'Your card was declined.',
        declineCode: 'generic_decline',
      });
      expect((await cardsOf(account)).hasPaymentMethod).toBe(false);
      expect(await attach(account, 'pm_card_visa_chargeDeclined', key)).toEqual(declined);
      const attempts = await sql<{ attempt: number }>(
        gateway,
        'select attempt from card_request where account_id = $1',
        [account.id],
      );
      expect(attempts).toEqual([{ attempt: 3 }]);
    });

    it('attaches a card whose charges will fail', async () => {
      const account = await gateway.createAccount();

      expect(await givenCard(account, 'pm_card_chargeCustomerFail')).toMatchObject({
        last4: '0341',
        isDefault: true,
      });
    });

    it.each(['pm_nobody_has_this', 'pm_card_nonsense'])(
      'finds no card %s',
      async (paymentMethodId) => {
        const account = await gateway.createAccount();

        await expect(attach(account, paymentMethodId)).rejects.toThrow('NOT_FOUND');
      },
    );

    it("does not take another account's card, which looks like a missing one", async () => {
      const owner = await gateway.createAccount();
      await givenCard(owner);
      const { attached } = await providerCards(gateway, owner.id);
      const thief = await gateway.createAccount();

      await expect(attach(thief, attached[0] ?? '')).rejects.toThrow('NOT_FOUND');
      expect((await cardsOf(thief)).hasPaymentMethod).toBe(false);
    });

    it.each(['', 'pm_1/../customers', 'x'.repeat(256)])(
      'refuses the id "%.20s" before the provider hears of it',
      async (paymentMethodId) => {
        const account = await gateway.createAccount();

        await expect(attach(account, paymentMethodId)).rejects.toThrow('BAD_USER_INPUT');
      },
    );

    it('goes on between the two calls when the same key comes again', async () => {
      const account = await gateway.createAccount();
      const key = newKey();
      await control(gateway, 'faults', {
        effect: '500',
        method: 'POST',
        path: '/v1/customers/*',
        times: 100,
      });

      await expect(attach(account, 'pm_card_visa', key)).rejects.toThrow('PROVIDER_UNAVAILABLE');
      const between = await providerCards(gateway, account.id);
      expect(between).toMatchObject({ default: null, attached: [expect.any(String)] });
      await forgetFaults(gateway);
      const answer = await attach(account, 'pm_card_visa', key);

      expect(answer).toMatchObject({ paymentMethod: { isDefault: true } });
      const { default: atProvider, attached } = await providerCards(gateway, account.id);
      expect(attached).toEqual(between.attached);
      expect(atProvider).toBe(between.attached[0]);
    });

    it('is finished by a job when nobody asks again', async () => {
      const account = await gateway.createAccount();
      await control(gateway, 'faults', {
        effect: '500',
        method: 'POST',
        path: '/v1/customers/*',
        times: 100,
      });
      await expect(attach(account, 'pm_card_visa')).rejects.toThrow('PROVIDER_UNAVAILABLE');
      await forgetFaults(gateway);
      const [request] = await sql<{ id: string; job: string }>(
        gateway,
        `select r.id, j.task_identifier as job from card_request r
         join graphile_worker.jobs j on j.run_at > now() and j.task_identifier = 'resume-card-request'
         where r.account_id = $1 limit 1`,
        [account.id],
      );
      expect(request?.job).toBe('resume-card-request');

      await gateway.app.services.cardRequests.resume(request?.id ?? '');

      expect(await cardsOf(account)).toMatchObject({
        paymentMethods: [{ last4: '4242', isDefault: true }],
      });
    });

    it('makes one card when the answer to the first call was lost', async () => {
      const account = await gateway.createAccount();
      await control(gateway, 'faults', {
        effect: 'reset',
        after: true,
        method: 'POST',
        path: '/v1/payment_methods/*',
        times: 1,
      });

      await givenCard(account);

      expect((await providerCards(gateway, account.id)).attached).toHaveLength(1);
    });

    it('replaces the card that a subscription is charged to', async () => {
      const account = await gateway.createAccount();
      const { checkoutUrl } = pageOf(await checkout(account));
      await pay(checkoutUrl);
      await gateway.settled();
      expect(await cardsOf(account)).toMatchObject({ paymentMethods: [{ isDefault: true }] });

      const card = await givenCard(account, 'pm_card_mastercard');

      expect(card).toMatchObject({ brand: 'mastercard', isDefault: true });
      const { default: atProvider, customerId } = await providerCards(gateway, account.id);
      const { subscription } = await booksOf(gateway);
      const own = subscription.find(({ customer }) => customer === customerId);
      expect(own?.default_payment_method).toBe(atProvider);
      expect((await cardsOf(account)).paymentMethods.map(({ isDefault }) => isDefault)).toEqual([
        true,
        false,
      ]);
    });

    it('works while the account is suspended, and not once it is deleted', async () => {
      const account = await gateway.createAccount();
      await setStatus(account, 'SUSPENDED');
      expect((await attach(account, 'pm_card_visa')).__typename).toBe('AttachPaymentMethodPayload');
      expect((await setUp(account)).__typename).toBe('CreateSetupIntentPayload');

      await setStatus(account, 'DELETED');

      expect(await attach(account, 'pm_card_visa')).toMatchObject({
        __typename: 'AccountBlocked',
        code: 'ACCOUNT_BLOCKED',
      });
      expect(await setUp(account)).toMatchObject({
        __typename: 'AccountBlocked',
        status: 'DELETED',
      });
    });
  });

  describe('a setup intent', () => {
    it('takes a card in a browser, which becomes what is charged by webhook alone', async () => {
      const account = await gateway.createAccount();
      const secret = await givenSetupIntent(account);

      expect(await saveCard(gateway, secret, '4000 0000 0000 0002')).toBe(402);
      expect(await saveCard(gateway, secret)).toBe(200);
      await gateway.settled();

      expect(await cardsOf(account)).toMatchObject({
        hasPaymentMethod: true,
        paymentMethods: [{ brand: 'visa', isDefault: true }],
      });
      const { default: atProvider, attached } = await providerCards(gateway, account.id);
      expect(attached).toEqual([atProvider]);
    });

    it('gives the secret again under its key, and no other one', async () => {
      const account = await gateway.createAccount();
      const idempotencyKey = newKey();

      const first = await setUp(account, { idempotencyKey });
      const again = await setUp(account, { idempotencyKey });
      const conflict = await setUp(account, { idempotencyKey, channel: 'STRIPE' });

      expect(first).toMatchObject({ clientSecret: expect.stringMatching(/^seti_.+_secret_/) });
      expect(first).toMatchObject({ publishableKey: expect.stringMatching(/^pk_test_/) });
      expect(again).toEqual(first);
      expect(conflict.__typename).toBe('IdempotencyConflict');
    });

    it('keeps its secret nowhere', async () => {
      const account = await gateway.createAccount();
      const secret = await givenSetupIntent(account);

      const [found] = await sql<{ count: string }>(
        gateway,
        `select count(*) from (select r::text as text from card_request r
           union all select e::text from webhook_event e) everything where strpos(text, $1) > 0`,
        [secret],
      );

      expect(Number(found?.count)).toBe(0);
    });

    it('is not to be had from a channel that saves no cards', async () => {
      const account = await gateway.createAccount();

      expect(await setUp(account, { channel: 'CREEM' })).toMatchObject({
        __typename: 'ChannelUnsupported',
        channel: 'CREEM',
      });
    });

    it('attaches the card that its browser confirmed when the client says so too', async () => {
      const account = await gateway.createAccount();
      await saveCard(gateway, await givenSetupIntent(account));
      const { attached } = await providerCards(gateway, account.id);

      const answer = await attach(account, attached[0] ?? '');

      expect(answer).toMatchObject({ paymentMethod: { isDefault: true } });
      await gateway.settled();
      expect((await cardsOf(account)).paymentMethods).toHaveLength(1);
    });
  });

  describe('detaching', () => {
    it('takes a card away, here and at the provider, and again does nothing', async () => {
      const account = await gateway.createAccount();
      const { id } = await givenCard(account);
      await gateway.settled();
      const { id: other } = await givenCard(account, 'pm_card_mastercard');
      const left = { paymentMethods: [{ id: other }] };

      expect(await detach(account, id)).toMatchObject({ account: { hasPaymentMethod: true } });
      expect(await detach(account, id)).toMatchObject({ account: { hasPaymentMethod: true } });

      expect(await cardsOf(account)).toMatchObject(left);
      expect((await providerCards(gateway, account.id)).attached).toHaveLength(1);
    });

    it('refuses to take away what a subscription is charged to', async () => {
      const account = await gateway.createAccount();
      await pay(pageOf(await checkout(account)).checkoutUrl);
      await gateway.settled();
      const [card] = (await cardsOf(account)).paymentMethods;

      expect((await detach(account, card?.id ?? '')).__typename).toBe('NotAllowedNow');

      await givenCard(account);
      expect((await detach(account, card?.id ?? '')).__typename).toBe('DetachPaymentMethodPayload');
      expect((await cardsOf(account)).paymentMethods).toHaveLength(1);
    });

    it("finds no card of somebody else's", async () => {
      const { id } = await givenCard(await gateway.createAccount());
      const stranger = await gateway.createAccount();

      await expect(detach(stranger, id)).rejects.toThrow('NOT_FOUND');
      await expect(detach(stranger, 'nothing')).rejects.toThrow('NOT_FOUND');
    });
  });
});
