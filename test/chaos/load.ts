import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, ChaosClient, type Told } from './client.ts';
import type { Journal, Outcome } from './journal.ts';
import type { Random } from './random.ts';
import { ADMIN_KEY, type World } from './world.ts';

interface Account {
  readonly id: string;
  readonly key: string;
}

const WORKERS = 6;
const PAUSE_MS = 4;
const MICRO = 1_000_000;
const RESULT = '__typename ... on BillingError { code }';
const CREATE_ACCOUNT =
  'mutation ($input: CreateAccountInput!) { createAccount(input: $input) { __typename masterKey account { id } } }';
const SPEND = `mutation ($input: SpendCreditsInput!) { spendCredits(input: $input) { ${RESULT} } }`;
const HOLD = `mutation ($input: HoldCreditsInput!) { holdCredits(input: $input) { ${RESULT} ... on HoldCreditsPayload { hold { id } } } }`;
const CAPTURE = `mutation ($input: CaptureHoldInput!) { captureHold(input: $input) { ${RESULT} } }`;
const RELEASE = `mutation ($input: ReleaseHoldInput!) { releaseHold(input: $input) { ${RESULT} } }`;
const CHECK_IN = `mutation ($input: CheckInInput!) { checkIn(input: $input) { ${RESULT} } }`;
const RECHARGE = `mutation ($input: RechargeInput!) { recharge(input: $input) {
  ${RESULT} ... on RechargePayload { checkoutUrl order { id } } } }`;

/** Customers of a product, all at once, until they are stopped. They write down what they are told. */
export class Load {
  readonly #world: World;
  readonly #journal: Journal;
  readonly #accounts: Account[] = [];
  #workers: Promise<void>[] = [];
  #isOver = false;
  #keysUsed = 0;

  constructor(world: World, journal: Journal) {
    this.#world = world;
    this.#journal = journal;
  }

  /** Begins; two new accounts come with every start. */
  async start(random: Random): Promise<void> {
    this.#isOver = false;
    const opening = this.#client(random.fork());
    await Promise.all([this.#openAccount(opening), this.#openAccount(opening)]);
    this.#workers = Array.from({ length: WORKERS }, () => this.#work(random.fork()));
  }

  /** Ends when everybody knows what became of what they asked for. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#workers);
  }

  async #work(random: Random): Promise<void> {
    const client = this.#client(random.fork());
    while (!this.#isOver) {
      await this.#act(client, random);
      await pause(PAUSE_MS);
    }
  }

  async #act(client: ChaosClient, random: Random): Promise<void> {
    const what = random.next();
    const account = random.pick(this.#accounts);
    if (what < 0.6) return this.#spend(client, random, account);
    if (what < 0.8) return this.#hold(client, random, account);
    if (what < 0.93) return this.#topUp(client, random, account);
    if (what < 0.97) return this.#checkIn(client, account);
    return this.#openAccount(client);
  }

  async #openAccount(client: ChaosClient): Promise<void> {
    const key = this.#key();
    const told = await client.ask(ADMIN_KEY, CREATE_ACCOUNT, { externalId: key, name: key });
    const outcome = outcomeOf(told, 'CreateAccountPayload');
    const { id } = ((told as Answer).account as { id: string }) ?? { id: null };
    this.#journal.note({ kind: 'account', accountId: id, key, outcome });
    if (outcome !== 'acknowledged')
      return this.#accounts.length > 1 ? undefined : this.#openAccount(client);
    this.#accounts.push({ id, key: (told as Answer).masterKey as string });
  }

  async #spend(client: ChaosClient, random: Random, { id, key }: Account): Promise<void> {
    const idempotencyKey = this.#key();
    // More than anybody has, now and then.
    const amountMicro = random.chance(0.05) ? 10 ** 15 : random.between(1, 20_000);
    const input = { amount: credits(amountMicro), idempotencyKey };
    const outcome = outcomeOf(await client.ask(key, SPEND, input), 'SpendCreditsPayload');
    this.#journal.note({
      kind: 'spend',
      accountId: id,
      key: idempotencyKey,
      amountMicro: String(amountMicro),
      outcome,
    });
  }

  async #hold(client: ChaosClient, random: Random, account: Account): Promise<void> {
    const idempotencyKey = this.#key();
    const amountMicro = 2 * random.between(1, 20_000);
    const input = { amount: credits(amountMicro), expiresInSeconds: 86_400, idempotencyKey };
    const told = await client.ask(account.key, HOLD, input);
    const outcome = outcomeOf(told, 'HoldCreditsPayload');
    const holdId = outcome === 'acknowledged' ? ((told as Answer).hold as { id: string }).id : null;
    this.#journal.note({
      kind: 'hold',
      accountId: account.id,
      key: idempotencyKey,
      amountMicro: String(amountMicro),
      holdId,
      outcome,
    });
    if (holdId === null || random.chance(0.1)) return;
    if (random.chance(0.5)) await this.#capture(client, account, holdId, amountMicro / 2);
    else await this.#release(client, account, holdId);
  }

  async #capture(
    client: ChaosClient,
    account: Account,
    holdId: string,
    amountMicro: number,
  ): Promise<void> {
    const idempotencyKey = this.#key();
    const input = { holdId, amount: credits(amountMicro), idempotencyKey };
    const told = await client.ask(account.key, CAPTURE, input);
    this.#journal.note({
      kind: 'capture',
      accountId: account.id,
      key: idempotencyKey,
      amountMicro: String(amountMicro),
      holdId,
      outcome: outcomeOf(told, 'CaptureHoldPayload'),
    });
  }

  async #release(client: ChaosClient, account: Account, holdId: string): Promise<void> {
    const told = await client.ask(account.key, RELEASE, { holdId });
    const outcome = outcomeOf(told, 'ReleaseHoldPayload');
    this.#journal.note({ kind: 'release', accountId: account.id, key: holdId, holdId, outcome });
  }

  async #checkIn(client: ChaosClient, { id, key }: Account): Promise<void> {
    const told = await client.ask(key, CHECK_IN, {});
    // Without a key, this is how one hears that it was done: by the answer that was lost.
    const isDone = outcomeOf(told, 'AlreadyCheckedIn') === 'acknowledged';
    const outcome = isDone ? 'acknowledged' : outcomeOf(told, 'CheckInPayload');
    this.#journal.note({ kind: 'check-in', accountId: id, key: 'today', outcome });
  }

  async #topUp(client: ChaosClient, random: Random, { id, key }: Account): Promise<void> {
    const idempotencyKey = this.#key();
    const told = await client.ask(key, RECHARGE, {
      amountMinorUnits: 1_500,
      successUrl: 'http://localhost:3000/success',
      cancelUrl: 'http://localhost:3000/cancel',
      idempotencyKey,
    });
    const outcome = outcomeOf(told, 'RechargePayload');
    const { checkoutUrl, order } = told as { checkoutUrl?: string; order?: { id: string } };
    const orderId = order?.id ?? null;
    this.#journal.note({ kind: 'top-up', accountId: id, key: idempotencyKey, orderId, outcome });
    if (checkoutUrl === undefined || random.chance(0.2)) return;
    const body = new URLSearchParams({ action: 'pay', cardNumber: '4242424242424242' });
    const paid = await fetch(checkoutUrl, { method: 'POST', body, redirect: 'manual' });
    await paid.arrayBuffer();
    if (paid.status !== 303)
      this.#journal.surprises.push(`The page ${checkoutUrl} answered ${paid.status}.`);
  }

  #client(random: Random): ChaosClient {
    const urls = this.#world.gateways.map(({ url }) => url);
    return new ChaosClient(urls, random, this.#journal);
  }

  #key(): string {
    this.#keysUsed += 1;
    return `chaos-${this.#keysUsed}`;
  }
}

/** Every other member of a result union is a refusal. */
function outcomeOf(told: Told, done: string): Outcome {
  if (typeof told === 'string') return told;
  return told.__typename === done ? 'acknowledged' : 'refused';
}

function credits(amountMicro: number): string {
  return (amountMicro / MICRO).toFixed(6);
}
