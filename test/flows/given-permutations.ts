import type Stripe from 'stripe';
import { expect } from 'vitest';
import type { TestAccount, TestGateway } from '../support/gateway.ts';
import {
  booksOf,
  checkout,
  deliver,
  type EndState,
  each,
  endStates,
  pageOf,
  pay,
  permutations,
} from './given-purchases.ts';

export type Buy = (account: TestAccount) => Promise<unknown>;

export function buyPlan(planSlug: string): Buy {
  return async (account) => {
    const { checkoutUrl } = pageOf(await checkout(account, { planSlug }));
    expect(await pay(checkoutUrl)).toBe(303);
  };
}

/** Lets an account of its own live through every order of these events; answers the one end that they all come to. */
export async function endOfAll(
  gateway: TestGateway,
  types: readonly string[],
  buy: Buy,
  goOn: (session: Stripe.Checkout.Session) => Promise<unknown> = async () => undefined,
): Promise<EndState> {
  const orders = permutations(types);
  const accounts = await each(orders, async () => {
    const account = await gateway.createAccount();
    await buy(account);
    return account;
  });
  const ids = new Set(accounts.map(({ id }) => id));
  const { 'checkout.session': sessions } = await booksOf(gateway);
  await each(
    sessions.filter(({ metadata }) => ids.has(metadata?.accountId ?? '')),
    goOn,
  );
  const lives = await livesOf(gateway, accounts, types);
  for (let step = 0; step < types.length; step += 1) {
    await each(accounts, async ({ id }, index) => {
      const about = lives.get(id);
      const event = about?.get(orders[index]?.[step] ?? '');
      if (event === undefined) throw new Error(`There is no ${orders[index]?.[step]}.`);
      const copies = Array.from({ length: 1 + (Math.random() < 0.2 ? 1 : 0) }, () =>
        deliver(gateway.url, event),
      );
      expect(new Set(await Promise.all(copies))).toEqual(new Set([200]));
    });
    await gateway.app.jobs.whenIdle(60_000);
  }
  const states = await statesOf(gateway, accounts);
  expect([...new Set(states)]).toHaveLength(1);
  return JSON.parse(states[0] ?? '{}');
}

async function livesOf(
  gateway: TestGateway,
  accounts: readonly TestAccount[],
  types: readonly string[],
): Promise<Map<string, Map<string, Stripe.Event>>> {
  const books = await booksOf(gateway);
  const accountOf = new Map(books.customer.map(({ id, metadata }) => [id, metadata.accountId]));
  const lives = new Map(accounts.map(({ id }) => [id, new Map<string, Stripe.Event>()]));
  for (const event of books.event) {
    const { customer } = event.data.object as { customer?: string };
    if (types.includes(event.type))
      lives.get(accountOf.get(customer ?? '') ?? '')?.set(event.type, event);
  }
  return lives;
}

export async function statesOf(
  gateway: TestGateway,
  accounts: readonly TestAccount[],
): Promise<string[]> {
  const states = await endStates(
    gateway,
    accounts.map(({ id }) => id),
  );
  return [...states.values()].map((state) => JSON.stringify(state));
}
