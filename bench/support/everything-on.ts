import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type Client as LiveClient } from 'graphql-ws';
import { Client } from 'pg';
import { seededAccount } from './spend-operation.ts';

/** Agents with one scope, and credits set aside in every account, as a product that uses all of it would have them. */
const MORE_SEED = `
  insert into api_key (id, kind, account_id, name, prefix, secret_hash, scopes, created_at)
    select md5('agent ' || k.prefix)::uuid, 'AGENT', account_id, 'Agent', overlay(k.prefix placing 'g' from 1),
      sha256(convert_to('tg_agent_' || overlay(k.prefix placing 'g' from 1) || '_'
        || md5('secret ' || substr(k.prefix, 2)::int) || left(md5('more ' || substr(k.prefix, 2)::int), 8), 'UTF8')),
      '{credits:spend}', created_at
    from api_key k where k.kind = 'MASTER' and k.name = 'Master key';
  select ledger_hold(now(), md5('hold ' || account_id)::uuid, account_id, 5000000, now() + interval '1 day', 'bench-hold',
    sha256('bench-hold')) from credit_balance;
`;

/** How many accounts somebody watches, and how many watch the first of them besides. */
const WATCHED_ACCOUNTS = 90;
const MORE_WATCHERS = 10;
const SCRAPE_EVERY_MS = 1_000;
const CATCH_UP_WITHIN_MS = 10_000;

const SUBSCRIPTION = `subscription { creditBalanceChanged {
  balance { sequence available held } transactions { id amount usageType } lagged } }`;

/** Gives every account an agent's key and an open hold. */
export async function seedEverything(databaseUrl: string): Promise<void> {
  await query(databaseUrl, MORE_SEED);
}

/** Those who use a gateway while others spend: a hundred subscribers, and a Prometheus. */
export class Company {
  readonly #url: string;
  readonly #clients: LiveClient[] = [];
  /** By subscriber: the account, and the sequence that was heard last. */
  readonly #heard: { readonly account: number; sequence: number }[] = [];
  readonly #scraping: NodeJS.Timeout;
  #failure: unknown = null;
  #told = 0;

  private constructor(port: number) {
    this.#url = `127.0.0.1:${port}`;
    this.#scraping = setInterval(() => void this.#scrape(), SCRAPE_EVERY_MS);
  }

  /** Resolves when every subscriber was told the present state. */
  static async join(port: number): Promise<Company> {
    const company = new Company(port);
    const watched = [
      ...Array.from({ length: WATCHED_ACCOUNTS }, (_, n) => n),
      ...Array.from({ length: MORE_WATCHERS }, () => 0),
    ];
    await Promise.all(watched.map((account) => company.#watch(account)));
    return company;
  }

  /** Makes sure that everybody was told everything, and that the metrics have counted it; throws otherwise. */
  async checkTold(databaseUrl: string, spends: number): Promise<void> {
    const deadline = performance.now() + CATCH_UP_WITHIN_MS;
    while (!(await this.#isUpToDate(databaseUrl))) {
      if (performance.now() > deadline)
        throw new Error('Subscribers were not told the last state.');
      await pause(SCRAPE_EVERY_MS / 10);
    }
    if (this.#failure !== null) throw this.#failure;
    if (this.#told <= this.#heard.length) throw new Error('Subscribers were told no changes.');
    const counted = await this.#scrape();
    if (counted !== spends) throw new Error(`The metrics tell ${counted} spends, not ${spends}.`);
  }

  async leave(): Promise<void> {
    clearInterval(this.#scraping);
    for (const client of this.#clients) await client.dispose();
  }

  #watch(account: number): Promise<void> {
    const connectionParams = { Authorization: `Bearer ${seededAccount(account).masterKey}` };
    const client = createClient({
      url: `ws://${this.#url}/graphql`,
      connectionParams,
      lazy: false,
    });
    this.#clients.push(client);
    const heard = { account, sequence: -1 };
    this.#heard.push(heard);
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        this.#failure = error;
        reject(error);
      };
      client.subscribe<Told>(
        { query: SUBSCRIPTION },
        {
          next: ({ data, errors }) => {
            if (data === null || data === undefined) return fail(errors);
            this.#told += 1;
            heard.sequence = data.creditBalanceChanged.balance.sequence;
            resolve();
          },
          error: fail,
          complete: () => undefined,
        },
      );
    });
  }

  async #isUpToDate(databaseUrl: string): Promise<boolean> {
    const ids = this.#heard.map(({ account }) => seededAccount(account).id);
    const text = 'select account_id, sequence::int from credit_balance where account_id = any ($1)';
    const rows = await query<{ account_id: string; sequence: number }>(databaseUrl, text, [ids]);
    const sequences = new Map(rows.map(({ account_id, sequence }) => [account_id, sequence]));
    return this.#heard.every(
      ({ account, sequence }) => sequences.get(seededAccount(account).id) === sequence,
    );
  }

  /** Answers how many spends were applied, as the metrics tell it. */
  async #scrape(): Promise<number> {
    try {
      const text = await (await fetch(`http://${this.#url}/metrics`)).text();
      return Number(/^tollgate_debits_total\{outcome="applied"\} (\d+)/m.exec(text)?.[1] ?? 0);
    } catch (error) {
      this.#failure = error;
      return Number.NaN;
    }
  }
}

interface Told {
  readonly creditBalanceChanged: { readonly balance: { readonly sequence: number } };
}

async function query<Row extends object>(
  url: string,
  text: string,
  values?: unknown[],
): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}
