import { readFile } from 'node:fs/promises';
import { buildSchema } from 'graphql';
import { accountFor } from '../../src/features/account/caller.policy.ts';
import type { GraphContext } from '../../src/graphql/context.ts';
import type { Statement } from '../../src/platform/database/statement.ts';
import { serveSchema } from './peer-server.ts';

const credits = (column: string) => `trim_scale(${column} / 1000000.0)::text`;

const OVERVIEW: Statement = {
  name: 'peer_overview',
  text: `select json_build_object('id', a.id, 'externalId', a.external_id, 'name', a.name, 'status', a.status,
      'timeZone', a.time_zone, 'currency', a.currency, 'plan', json_build_object('slug', p.slug, 'name', p.name),
      'subscription', json_build_object('id', s.id, 'status', s.status, 'interval', s.interval,
        'currentPeriodEnd', s.current_period_end),
      'creditBalance', json_build_object('total', ${credits('b.total_micro')}, 'planCredits', ${credits('b.plan_micro')},
        'purchasedCredits', ${credits('b.purchased_micro')}, 'held', ${credits('b.held_micro')},
        'owed', ${credits('b.owed_micro')}, 'sequence', b.sequence),
      'usagePeriod', json_build_object('counters', (select json_agg(json_build_object('metric', u.metric, 'used', u.used,
        'limit', json_build_object('value', u.limit_units))) from usage_counter u
        where u.account_id = a.id and u.period_start <= $2 and u.period_end > $2)),
      'creditTransactions', json_build_object('nodes', (select json_agg(t.node order by t.sequence desc) from (
        select e.sequence, json_build_object('sequence', e.sequence, 'type', e.type, 'amount', ${credits('e.amount_micro')},
          'balanceAfter', ${credits('e.balance_after_micro')}, 'usageType', e.usage_type, 'description', e.description,
          'createdAt', e.created_at, 'allocations', (select json_agg(json_build_object('amount', ${credits('l.amount_micro')},
            'grant', json_build_object('id', g.id, 'source', g.source))) from credit_allocation l
            join credit_grant g on g.id = l.grant_id where l.account_id = e.account_id and l.sequence = e.sequence)) as node
        from credit_transaction e where e.account_id = a.id order by e.sequence desc limit 20) t))) as account
    from account a join credit_balance b on b.account_id = a.id
    join plan_subscription s on s.account_id = a.id join plan p on p.id = s.plan_id
    where a.id = $1`,
};

// Apollo with one statement for the whole answer, as a team would write it by hand for this one page.
await serveSchema(async (database) => {
  const schema = buildSchema(
    await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8'),
  );
  const account = schema.getQueryType()?.getFields().account;
  if (account === undefined) throw new Error('The schema has no account.');
  account.resolve = async (_root, _args, { caller }: GraphContext) => {
    const values = [accountFor(caller, null, 'read'), new Date()];
    const [row] = await database.query<{ account: unknown }>(OVERVIEW, values);
    return row?.account;
  };
  return schema;
});
