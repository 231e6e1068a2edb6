import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const START = new Date('2026-01-01T00:00:00Z');
const DUE = new Date('2026-02-01T00:00:00Z');
const PROGRAM = new URL('./sweeping-process.ts', import.meta.url).pathname;

/** Half of them at the end of their trial and half at the end of their grace, each with credits of a month that ends. */
const ACCOUNTS = `
  with made as (
    insert into account (id, external_id, name, time_zone, currency, status, status_since, status_ends_at, blocked_at,
        created_at, updated_at)
      select gen_random_uuid(), 'due-' || n, 'Due', 'UTC', 'USD', case when n % 2 = 0 then 'TRIAL' else 'READONLY' end,
        $1::timestamptz, $2::timestamptz, case when n % 2 = 0 then $2::timestamptz + interval '30 days' else $2::timestamptz end, $1, $1
      from generate_series(1, $3) as n
      returning id, status
  ), balances as (
    insert into credit_balance (account_id) select id from made
  ), anchors as (
    insert into usage_anchor (account_id, starts_at, anchor_at, whole_until, time_zone)
      select id, $1, $1, case when status = 'TRIAL' then $2::timestamptz end, 'UTC' from made
  ), steps as (
    insert into lifecycle_transition select id, 1, null, status, 'ACCOUNT_CREATED', $1 from made
  )
  insert into plan_credit_schedule (account_id, cause_kind, cause_id, anchor_at, next_month, due_at)
    select id, 'account', id::text, $1, 1, $2 from made`;
const GRANTS = `
  select count((ledger_grant($1, gen_random_uuid(), id, 'PLAN', 10000000, 10, $1, $2, 'account', id || '/0', 'GRANT', 'Month')).outcome)
  from account`;

const OUTCOME = `
  select a.status, array_agg(distinct l.steps) as steps, array_agg(distinct t.types) as entries, count(*)::integer as accounts
  from account a
  join lateral (select string_agg(to_status || ' ' || trigger, ', ' order by sequence) as steps
    from lifecycle_transition where account_id = a.id) l on true
  join lateral (select string_agg(type, ' ' order by sequence) as types
    from credit_transaction where account_id = a.id) t on true
  group by a.status order by a.status`;

describe('rows that fall due', { timeout: 180_000 }, () => {
  let gateway: TestGateway;
  let processes: ChildProcess[];
  beforeEach(async () => {
    gateway = await startGateway({ clock: new ManualClock(START) });
    processes = [];
  });
  afterEach(async () => {
    for (const child of processes) await killed(child);
    await gateway.close();
  });

  const query = async <Row>(text: string, values: unknown[] = []) =>
    (await gateway.app.services.database.pool.query(text, values)).rows as Row[];
  const sweeping = () => {
    const args = [PROGRAM, gateway.database.appUrl, DUE.toISOString()];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    processes.push(child);
    return child;
  };
  const swept = async () => {
    const [row] = await query<{ count: number }>(
      'select count(*)::integer as count from lifecycle_transition where sequence > 1',
    );
    return row?.count ?? 0;
  };
  const given = async (count: number) => {
    await query(ACCOUNTS, [START, DUE, count]);
    await query(GRANTS, [START, DUE]);
  };
  const expectOnce = async (count: number) => {
    expect(await query(OUTCOME)).toEqual([
      {
        status: 'DELETED',
        steps: ['READONLY ACCOUNT_CREATED, DELETED GRACE_OVER'],
        entries: ['GRANT EXPIRY'],
        accounts: count / 2,
      },
      {
        status: 'READONLY',
        steps: ['TRIAL ACCOUNT_CREATED, READONLY TRIAL_TIME_OVER'],
        entries: ['GRANT EXPIRY GRANT'],
        accounts: count / 2,
      },
    ]);
    expect(await gateway.app.services.ledgerAudit.audit()).toEqual([]);
  };

  it('are each acted on exactly once when two processes race over 10,000 of them', async () => {
    await given(10_000);
    const ends = [sweeping(), sweeping()].map((child) => once(child, 'exit'));
    expect((await Promise.all(ends)).map(([code]) => code)).toEqual([0, 0]);
    await expectOnce(10_000);
  });

  it('are taken up by another process when one is killed over them', async () => {
    await given(3_000);
    const first = sweeping();
    await expect.poll(swept, { timeout: 60_000, interval: 5 }).toBeGreaterThan(0);
    await killed(first);
    expect(await once(sweeping(), 'exit')).toEqual([0, null]);
    await expectOnce(3_000);
  });

  it('are not acted on again by a process that was paused and goes on', async () => {
    await given(3_000);
    const first = sweeping();
    await expect.poll(swept, { timeout: 60_000, interval: 5 }).toBeGreaterThan(0);
    first.kill('SIGSTOP');
    expect(await once(sweeping(), 'exit')).toEqual([0, null]);
    first.kill('SIGCONT');
    expect(await once(first, 'exit')).toEqual([0, null]);
    expect(await once(sweeping(), 'exit')).toEqual([0, null]);
    await expectOnce(3_000);
  });
});

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
