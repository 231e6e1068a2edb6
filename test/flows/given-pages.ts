import { Client } from 'pg';
import { expect } from 'vitest';
import type { TestAccount, TestGateway } from '../support/gateway.ts';
import { GraphClient } from '../support/graph-client.ts';

/** All of an account that can be kept: whatever is written, or is over by time, is somewhere in it. */
const PAGE = `{
  account {
    id externalId name email status statusSince statusEndsAt timeZone currency canExecute canDeploy daysRemaining nextStatuses
    plan { slug name description }
    subscription { id status interval currentPeriodEnd cancelAtPeriodEnd plan { slug } }
    creditBalance { total planCredits purchasedCredits promotionalCredits held owed available sequence version }
    usagePeriod { label start end daysRemaining counters { metric used remaining resetsAt limit { kind value } } }
    creditTransactions(first: 20) {
      nodes {
        sequence type amount balanceAfter usageType description metadata createdAt
        allocations { amount grant { id source amount remaining expiresAt } }
      }
    }
  }
}`;
const AS_USUAL = `query Page ${PAGE}`;

export interface Page {
  readonly account: {
    readonly name: string;
    readonly status: string;
    readonly canExecute: boolean;
    readonly plan: { readonly slug: string; readonly name: string };
    readonly subscription: { readonly status: string } | null;
    readonly creditBalance: Readonly<
      Record<'total' | 'held' | 'owed' | 'available', string> & Record<'sequence', number>
    >;
    readonly usagePeriod: { readonly start: string; readonly daysRemaining: number };
    readonly creditTransactions: {
      readonly nodes: readonly { readonly type: string; readonly sequence: number }[];
    };
  };
}

/** The page in the words in which it is always asked for. */
export function pageAt(gateway: TestGateway, { masterKey }: TestAccount): Promise<Page> {
  return new GraphClient(gateway.url, masterKey).query<Page>(AS_USUAL);
}

const GUARD = `
  create function balance_is_written() returns trigger language plpgsql as $$
  begin
    if not exists (
      select from credit_balance where account_id = new.account_id and xmin = pg_current_xact_id()::xid
    ) then raise exception 'a row of % was written without its balance', tg_table_name; end if;
    return null;
  end $$;
  create constraint trigger balance_is_written after insert or update on credit_grant
    deferrable initially deferred for each row execute function balance_is_written();
  create constraint trigger balance_is_written after insert or update on credit_hold
    deferrable initially deferred for each row execute function balance_is_written();
  create constraint trigger balance_is_written after insert on credit_transaction
    deferrable initially deferred for each row execute function balance_is_written();
  create constraint trigger balance_is_written after insert on credit_allocation
    deferrable initially deferred for each row execute function balance_is_written();`;

/** From now on nothing of the ledger is written without its balance, whose version tells that something changed. */
export async function guardBalances({ database }: TestGateway): Promise<void> {
  const client = new Client({ connectionString: database.ownerUrl });
  await client.connect();
  await client.query(GUARD);
  await client.end();
}

let times = 0;

/** The page in words in which nobody has asked before: it is made for this answer. */
function newPageAt(gateway: TestGateway, { masterKey }: TestAccount): Promise<Page> {
  times += 1;
  return new GraphClient(gateway.url, masterKey).query<Page>(`query Page${times} ${PAGE}`);
}

/** Asks until the page is kept: the first time goes through Apollo. */
export async function keptPageAt(gateway: TestGateway, account: TestAccount): Promise<Page> {
  for (let asked = 0; asked < 3; asked += 1) await pageAt(gateway, account);
  return pageAt(gateway, account);
}

/** Writes while all gateways keep the page, which has to be another one at all of them at once, as it would be made then. */
export async function expectShown(
  gateways: readonly [TestGateway, ...TestGateway[]],
  account: TestAccount,
  write: () => unknown,
): Promise<Page> {
  const before = await Promise.all(gateways.map((gateway) => keptPageAt(gateway, account)));
  await write();
  const shown = await Promise.all(gateways.map((gateway) => pageAt(gateway, account)));
  const made = await newPageAt(gateways[0], account);
  expect(made).not.toEqual(before[0]);
  for (const page of shown) expect(page).toEqual(made);
  return made;
}
