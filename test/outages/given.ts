import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '../../src/platform/database/database.ts';
import { entities } from '../../src/platform/database/entities.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { GraphClient, type GraphErrorShown, type GraphResponse } from '../support/graph-client.ts';
import { ledgerFaults } from '../support/ledger-checker.ts';

const ADMIN_KEY = 'an-administrators-key-that-only-tests-know';

export interface ProcessAccount {
  readonly id: string;
  readonly masterKey: string;
  readonly client: GraphClient;
}

/** A gateway in a process of its own, on the database that it is given. */
export interface ProcessWorld {
  readonly gateway: GatewayProcess;
  readonly url: string;
  createAccount(credits: string): Promise<ProcessAccount>;
  close(): Promise<void>;
}

export async function givenProcess(
  databaseUrl: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<ProcessWorld> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tollgate-outage-'));
  const gateway = new GatewayProcess({
    DATABASE_URL: databaseUrl,
    DATA_DIR: dataDir,
    ADMIN_KEY,
    ...environment,
  });
  const url = await gateway.listening();
  const admin = new GraphClient(url, ADMIN_KEY);
  let made = 0;
  return {
    gateway,
    url,
    createAccount: async (credits) => {
      made += 1;
      const { createAccount } = await admin.query<{
        createAccount: { masterKey: string; account: { id: string } };
      }>(CREATE_ACCOUNT, { input: { externalId: `outage-${made}`, name: `Account ${made}` } });
      const { masterKey, account } = createAccount;
      const adjustment = { accountId: account.id, amount: credits, reason: 'Set up.' };
      await admin.query(ADJUST, { input: { ...adjustment, idempotencyKey: 'set-up' } });
      return { id: account.id, masterKey, client: new GraphClient(url, masterKey) };
    },
    close: async () => {
      await gateway.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const CREATE_ACCOUNT =
  'mutation ($input: CreateAccountInput!) { createAccount(input: $input) { masterKey account { id } } }';
const ADJUST =
  'mutation ($input: AdjustCreditsInput!) { adjustCredits(input: $input) { __typename } }';

export const SPEND = `mutation ($input: SpendCreditsInput!) { spendCredits(input: $input) {
  __typename ... on SpendCreditsPayload { transaction { sequence } balance { total } } ... on BillingError { code } } }`;
export const HOLD = `mutation ($input: HoldCreditsInput!) { holdCredits(input: $input) {
  __typename ... on BillingError { code } } }`;
export const BALANCE = '{ account { creditBalance { total available } } }';

interface SpendAnswer {
  readonly spendCredits: { readonly __typename: string };
}

/** Spends one credit; answers whether it is known to be done. */
export async function spendOne(
  account: ProcessAccount,
  idempotencyKey: string,
): Promise<'done' | readonly GraphErrorShown[]> {
  const { data, errors } = await account.client.post<SpendAnswer>({
    query: SPEND,
    variables: { input: { amount: '1', idempotencyKey } },
  });
  return data?.spendCredits?.__typename === 'SpendCreditsPayload' ? 'done' : errors;
}

export async function totalOf(account: ProcessAccount): Promise<number> {
  const { account: found } = await account.client.query<{
    account: { creditBalance: { total: string } };
  }>(BALANCE);
  return Number(found.creditBalance.total);
}

/** The refusal's code and the HTTP status that goes with it. */
export function refusalOf({ status, errors }: GraphResponse<unknown>) {
  return { status, code: errors[0]?.extensions.code };
}

/** The outcome, unless it takes longer: then it throws. */
export async function within<Outcome>(ms: number, work: Promise<Outcome>): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${ms} ms.`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Everything that is wrong with the ledger of this database. */
export async function faultsIn(databaseUrl: string): Promise<string[]> {
  const options = { url: databaseUrl, entities, poolSize: 2, onPoolError: () => undefined };
  const database = await Database.connect(options);
  try {
    return await ledgerFaults(database);
  } finally {
    await database.close();
  }
}
