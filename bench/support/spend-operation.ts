import { createHash } from 'node:crypto';
import type { MeasurementOrder } from './measurement.ts';

/** What every caller of the race sends, and what it asks to be told. */
const SPEND_CREDITS = `mutation Spend($input: SpendCreditsInput!) {
  spendCredits(input: $input) {
    __typename
    ... on SpendCreditsPayload {
      transaction { id sequence type usageType amount balanceAfter idempotencyKey createdAt }
      balance { total planCredits purchasedCredits promotionalCredits held owed available sequence version }
    }
    ... on BillingError { code message }
  }
}`;

/** The input of one spend; the account is the one whose key is sent along. */
export function spendInput(idempotencyKey: string) {
  return {
    amount: '0.25',
    usageType: 'ai_usage',
    description: 'Chat completion',
    metadata: { model: 'large', tokens: 1_250 },
    idempotencyKey,
  };
}

/** The body of an HTTP request that spends. */
export function spendBody(idempotencyKey: string): string {
  return JSON.stringify({
    query: SPEND_CREDITS,
    variables: { input: spendInput(idempotencyKey) },
  });
}

interface SeededAccount {
  readonly id: string;
  readonly masterKey: string;
  /** Only where everything is on: a key that may spend and nothing else. */
  readonly agentKey: string;
}

const seeded = new Map<number, SeededAccount>();

/** The n-th account: the stage makes the same ones in SQL. */
export function seededAccount(n: number): SeededAccount {
  let account = seeded.get(n);
  if (account === undefined) {
    const number = String(n).padStart(11, '0');
    const secret = `${md5(`secret ${n}`)}${md5(`more ${n}`).slice(0, 8)}`;
    account = {
      id: md5(`account ${n}`).replace(/^(.{8})(.{4}).(.{3}).(.{3})/, '$1-$2-7$3-8$4-'),
      masterKey: `tg_master_a${number}_${secret}`,
      agentKey: `tg_agent_g${number}_${secret}`,
    };
    seeded.set(n, account);
  }
  return account;
}

/** Chooses accounts by a linear congruential generator: even enough, and the same for every contestant. */
export function accountChooser({
  accounts,
  seed,
}: Pick<MeasurementOrder, 'accounts' | 'seed'>): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * accounts);
  };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
