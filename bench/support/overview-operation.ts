import { ACCOUNT_ID } from './request-load.ts';

/** The account's page in a dashboard: who it is, what it has, what it used, and its last entries with where they went. */
export const overviewQuery = `query Overview {
  account {
    id externalId name status timeZone currency
    plan { slug name }
    subscription { id status interval currentPeriodEnd }
    creditBalance { total planCredits purchasedCredits held owed sequence }
    usagePeriod { counters { metric used limit { value } } }
    creditTransactions(first: 20) {
      nodes {
        sequence type amount balanceAfter usageType description createdAt
        allocations { amount grant { id source } }
      }
    }
  }
}`;

/** The same of PostGraphile, in the words that it makes of the tables. */
const POSTGRAPHILE_OVERVIEW = `query Overview($id: UUID!) {
  accountByRowId(rowId: $id) {
    rowId externalId name status timeZone currency
    planSubscriptionsByAccountId(first: 1, orderBy: [PRIMARY_KEY_DESC]) {
      nodes { rowId status interval currentPeriodEnd planByPlanId { slug name } }
    }
    creditBalanceByAccountId { totalMicro planMicro purchasedMicro heldMicro owedMicro sequence }
    usageCountersByAccountId(first: 10) { nodes { metric used limitUnits } }
    creditTransactionsByAccountId(first: 20, orderBy: [PRIMARY_KEY_DESC]) {
      nodes {
        sequence type amountMicro balanceAfterMicro usageType description createdAt
        creditAllocationsByAccountIdAndSequence { nodes { amountMicro creditGrantByGrantId { rowId source } } }
      }
    }
  }
}`;

export const overviewBody = JSON.stringify({ query: overviewQuery });
export const postgraphileBody = JSON.stringify({
  query: POSTGRAPHILE_OVERVIEW,
  variables: { id: ACCOUNT_ID },
});

interface Nodes<Node> {
  readonly nodes: readonly Node[];
}

interface OurAnswer {
  readonly data: {
    readonly account: Record<string, unknown> & {
      readonly plan: object;
      readonly subscription: object;
      readonly usagePeriod: { readonly counters: readonly { metric: string; used: number }[] };
      readonly creditTransactions: Nodes<
        Record<string, unknown> & {
          readonly amount: string;
          readonly allocations: readonly {
            readonly amount: string;
            readonly grant: { readonly id: string };
          }[];
        }
      >;
    };
  };
}

interface TheirAnswer {
  readonly data: {
    readonly accountByRowId: Record<string, unknown> & {
      readonly planSubscriptionsByAccountId: Nodes<{
        readonly rowId: string;
        readonly planByPlanId: object;
      }>;
      readonly creditBalanceByAccountId: Record<string, string>;
      readonly usageCountersByAccountId: Nodes<{ readonly metric: string; readonly used: string }>;
      readonly creditTransactionsByAccountId: Nodes<
        Record<string, unknown> & {
          readonly amountMicro: string;
          readonly creditAllocationsByAccountIdAndSequence: Nodes<{
            readonly amountMicro: string;
            readonly creditGrantByGrantId: { readonly rowId: string };
          }>;
        }
      >;
    };
  };
}

/** What both answers have to agree on, taken from ours. */
export function factsOfOurs(body: string): unknown {
  const { account } = (JSON.parse(body) as OurAnswer).data;
  const { id, externalId, status, plan, subscription, creditBalance } = account;
  const { id: subscriptionId } = subscription as { id: string };
  const { total, sequence } = creditBalance as { total: string; sequence: number };
  return {
    ...{ id, externalId, status, plan, subscriptionId, sequence },
    totalMicro: Number(total) * 1e6,
    counters: account.usagePeriod.counters
      .map(({ metric, used }) => `${metric} ${used}`)
      .filter((counter) => !counter.endsWith(' 0')),
    entries: account.creditTransactions.nodes.map(({ amount, type, allocations }) => ({
      type,
      amountMicro: Number(amount) * 1e6,
      allocations: allocations.map((part) => `${Number(part.amount) * 1e6} of ${part.grant.id}`),
    })),
  };
}

/** The same, taken from PostGraphile's. */
export function factsOfTheirs(body: string): unknown {
  const account = (JSON.parse(body) as TheirAnswer).data.accountByRowId;
  const [subscription] = account.planSubscriptionsByAccountId.nodes;
  const { totalMicro, sequence } = account.creditBalanceByAccountId;
  const { rowId: id, externalId, status } = account;
  return {
    ...{ id, externalId, status, plan: subscription?.planByPlanId },
    ...{ subscriptionId: subscription?.rowId, sequence: Number(sequence) },
    totalMicro: Number(totalMicro),
    counters: account.usageCountersByAccountId.nodes.map(({ metric, used }) => `${metric} ${used}`),
    entries: account.creditTransactionsByAccountId.nodes.map((entry) => ({
      type: entry.type,
      amountMicro: Number(entry.amountMicro),
      allocations: entry.creditAllocationsByAccountIdAndSequence.nodes.map(
        (part) => `${Number(part.amountMicro)} of ${part.creditGrantByGrantId.rowId}`,
      ),
    })),
  };
}
