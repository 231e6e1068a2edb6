// `npm run bench:growth`: what a spend, a read and a page cost with a short ledger and with a long one, and with few grants and
// with many. `npm run bench:growth -- 10000000` adds a ledger of ten million entries, which takes minutes to fill.
import { auditBooks } from './support/books.ts';
import {
  GRANT_OPERATIONS,
  LEDGER_OPERATIONS,
  measureCost,
  type Operation,
} from './support/growth-operations.ts';
import { type Cost, growthReport, type LedgerStage } from './support/growth-report.ts';
import { addGrants, fillLedger } from './support/ledger-bulk.ts';
import { median } from './support/measurement.ts';
import { writeSection } from './support/results-file.ts';
import { startServerProcess, tollgate } from './support/server-process.ts';
import { seededAccount } from './support/spend-operation.ts';
import { run, setStage } from './support/stage.ts';

const [longest = 0, repetitions = 5] = process.argv.slice(2).map(Number);
const LENGTHS = [1_000, 100_000, ...(longest > 0 ? [longest] : [])];
/** The same in every ledger, so that only its length differs. */
const ACCOUNTS = 20;
const GRANTS = [1, 100, 10_000];
/** Of the ledgers many ask at the same time; those who ask for the same at the same time would be told the same, and cost nothing. */
const MANY = { callers: 16, requests: 800 };
const ONE = { callers: 1, requests: 200 };

/** Where everybody's periods of usage begin, which the stage does not say. */
const ANCHORS = `insert into usage_anchor (account_id, starts_at, anchor_at, time_zone)
  select id, created_at, created_at, time_zone from account where external_id like 'bench-%' on conflict do nothing`;

interface Subject {
  readonly name: string;
  readonly port: number;
  readonly entries: number;
  readonly accountOf: (n: number) => number;
}

const stage = await setStage(ACCOUNTS);
const stops: (() => Promise<void>)[] = [];
try {
  const ledgers: LedgerStage[] = [];
  const subjects: Subject[] = [];
  for (const length of LENGTHS) {
    const databaseUrl = await stage.createDatabase(`entries_${length}`);
    const filled = await fillLedger(databaseUrl, ACCOUNTS, length);
    note(`${length} entries are in after ${(filled.tookMs / 1_000).toFixed(1)} s`);
    ledgers.push({ length, databaseUrl, filledMs: filled.tookMs, ...(await sizeOf(databaseUrl)) });
    const everyone = (n: number) => n % ACCOUNTS;
    subjects.push(await serve(databaseUrl, length, filled.perAccount, everyone));
  }
  const byLength = await race(subjects, LEDGER_OPERATIONS, MANY);
  const byGrants = await race(await serveGrants(), GRANT_OPERATIONS, ONE);
  for (const stop of stops.splice(0)) await stop();
  const vacuums = [];
  for (const { databaseUrl } of ledgers) {
    vacuums.push(await vacuum(databaseUrl));
    await auditBooks(databaseUrl);
  }
  const text = growthReport({ ledgers, byLength, grants: GRANTS, byGrants, vacuums, repetitions });
  process.stdout.write(`\n${text}`);
  await writeSection(longest > 0 ? 'growth, long' : 'growth', text);
} finally {
  for (const stop of stops) await stop();
  await stage.close();
}

async function serve(
  databaseUrl: string,
  name: number,
  entries: number,
  accountOf: (n: number) => number,
): Promise<Subject> {
  await run(databaseUrl, ANCHORS);
  const { port, stop } = await startServerProcess(tollgate, databaseUrl, stage);
  stops.push(stop);
  return { name: String(name), port, entries, accountOf };
}

/** Accounts side by side in one database; each is asked by itself. */
async function serveGrants(): Promise<readonly Subject[]> {
  const databaseUrl = await stage.createDatabase('grants');
  for (const [account, grants] of GRANTS.entries())
    if (grants > 1) await addGrants(databaseUrl, seededAccount(account).id, grants);
  const first = await serve(databaseUrl, GRANTS[0] ?? 1, 3, () => 0);
  return GRANTS.map((grants, account) => ({
    ...first,
    name: String(grants),
    accountOf: () => account,
  }));
}

/** Operation by operation, everybody's turn in each repetition; the first one warms up. Answers medians, in the order given. */
async function race(
  subjects: readonly Subject[],
  operations: readonly Operation[],
  load: typeof MANY,
): Promise<readonly Cost[]> {
  const costs: Cost[] = [];
  for (const operation of operations) {
    const found = subjects.map((): number[] => []);
    for (let repetition = 0; repetition <= repetitions; repetition += 1) {
      for (let turn = 0; turn < subjects.length; turn += 1) {
        const index = (turn + repetition) % subjects.length;
        const subject = subjects[index] as Subject;
        const cost = await measureCost({ ...subject, ...load, operation });
        if (repetition > 0) found[index]?.push(cost);
      }
    }
    const medians = found.map(median);
    costs.push({ what: operation.what, ms: medians });
    note(`${operation.what}: ${medians.map((ms) => `${ms.toFixed(2)} ms`).join(', ')}`);
  }
  return costs;
}

async function sizeOf(databaseUrl: string): Promise<{ readonly bytes: number }> {
  const [row] = await run(databaseUrl, 'select pg_database_size(current_database()) as bytes');
  return { bytes: Number(row?.bytes) };
}

/** How long the ledger's tables take, after what was spent; in milliseconds. */
async function vacuum(databaseUrl: string): Promise<number> {
  const begun = performance.now();
  await run(databaseUrl, 'vacuum credit_transaction, credit_allocation, idempotency_key');
  return performance.now() - begun;
}

function note(text: string): void {
  process.stderr.write(`  ${text}\n`);
}
