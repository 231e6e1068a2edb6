import { randomUUID } from 'node:crypto';
import { AccountService } from '../../../src/features/account/account.service.ts';
import { AccountStore } from '../../../src/features/account/account.store.ts';
import type { ApiKeyService } from '../../../src/features/account/api-key.service.ts';
import type { CreditGrantSource } from '../../../src/features/ledger/ledger.model.ts';
import { LedgerService } from '../../../src/features/ledger/ledger.service.ts';
import {
  type DebitOutcome,
  type HashedDebit,
  LedgerStore,
} from '../../../src/features/ledger/ledger.store.ts';
import { LedgerHistoryService } from '../../../src/features/ledger/ledger-history.service.ts';
import { LedgerHistoryStore } from '../../../src/features/ledger/ledger-history.store.ts';
import { LedgerPageStore } from '../../../src/features/ledger/ledger-page.store.ts';
import { LoneDebitStore } from '../../../src/features/ledger/lone-debit.store.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import { Database } from '../../../src/platform/database/database.ts';
import { entities } from '../../../src/platform/database/entities.ts';
import { DomainEvents } from '../../../src/platform/domain-events.ts';
import { DomainError } from '../../../src/platform/errors.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

/** One gateway's ledger: its own connections, its own batches. */
export interface LedgerNode {
  readonly database: Database;
  readonly accounts: AccountService;
  readonly ledger: LedgerService;
  readonly history: LedgerHistoryService;
  /** Batches that failed, whatever became of their requests. */
  readonly failures: unknown[];
}

export interface LedgerWorld extends LedgerNode {
  readonly clock: ManualClock;
  readonly files: TestDatabase;
  /** As the tables' owner. */
  readonly owner: Database;
  /** Another gateway on the same database. */
  node(poolSize?: number): Promise<LedgerNode>;
  /** A new account, with so many micro-credits in one grant. */
  account(creditsMicro?: bigint): Promise<string>;
  openAccounts(count: number, creditsMicro: bigint): Promise<string[]>;
  close(): Promise<void>;
}

export const CREDIT = 1_000_000n;

/** A ledger on a database of its own, at a time that stands still. */
export async function ledgerWorld(start = '2026-03-01T00:00:00Z'): Promise<LedgerWorld> {
  const files = await createTestDatabase();
  const clock = new ManualClock(start);
  const owner = await connect(files.ownerUrl, 4);
  const opened: Database[] = [owner];
  const node = async (poolSize = 6) => {
    const database = await connect(files.appUrl, poolSize);
    opened.push(database);
    return ledgerOn(database, clock);
  };
  const first = await node();
  const open = async (count: number, creditsMicro: bigint) => {
    const ids = Array.from({ length: count }, () => randomUUID());
    await insertAccounts(owner, ids, clock.now());
    if (creditsMicro > 0n) for (const id of ids) await fund(first, id, creditsMicro, clock);
    return ids;
  };
  return {
    ...first,
    clock,
    files,
    owner,
    node,
    openAccounts: open,
    account: async (creditsMicro = 0n) => (await open(1, creditsMicro))[0] as string,
    close: async () => {
      await Promise.all(opened.map((database) => database.close()));
      await files.drop();
    },
  };
}

/** Connects as a gateway does. */
function connect(url: string, poolSize: number): Promise<Database> {
  return Database.connect({ url, entities, poolSize, onPoolError: () => undefined });
}

/** A gateway's ledger over these connections. */
function ledgerOn(database: Database, clock: Clock): LedgerNode {
  const events = new DomainEvents();
  const history = new LedgerHistoryStore(database);
  const accounts = new AccountService({
    database,
    clock,
    events,
    store: new AccountStore(database),
    apiKeys: null as unknown as ApiKeyService,
  });
  const failures: unknown[] = [];
  const store = new WatchedStore(database, failures);
  const lone = new LoneDebitStore(database);
  return {
    database,
    accounts,
    failures,
    ledger: new LedgerService({ database, clock, events, store, lone, history, accounts }),
    history: new LedgerHistoryService(history, new LedgerPageStore(database, clock), clock),
  };
}

class WatchedStore extends LedgerStore {
  readonly #failures: unknown[];

  constructor(database: Database, failures: unknown[]) {
    super(database);
    this.#failures = failures;
  }

  override async debit(debits: readonly HashedDebit[], now: Date): Promise<DebitOutcome[]> {
    return super.debit(debits, now).catch((error: unknown) => {
      this.#failures.push(error);
      throw error;
    });
  }
}

async function insertAccounts(owner: Database, ids: readonly string[], now: Date): Promise<void> {
  await owner.pool.query(
    `with made as (
       insert into account (id, external_id, name, time_zone, currency, status, status_since, created_at, updated_at)
       select id, id::text, 'An account', 'UTC', 'USD', 'ACTIVE', $2, $2, $2 from unnest($1::uuid[]) as id returning id
     ) insert into credit_balance (account_id) select id from made`,
    [ids, now],
  );
}

async function fund(node: LedgerNode, accountId: string, creditsMicro: bigint, clock: Clock) {
  await grant(node, accountId, { amountMicro: creditsMicro, effectiveAt: clock.now() });
}

interface Grant {
  readonly amountMicro: bigint;
  readonly effectiveAt: Date;
  readonly expiresAt?: Date | null;
  readonly source?: CreditGrantSource;
  readonly causeId?: string;
}

/** Grants credits for an order that never was. */
export function grant(node: LedgerNode, accountId: string, wanted: Grant) {
  const { amountMicro, effectiveAt, expiresAt = null, source = 'PURCHASE', causeId } = wanted;
  return node.database.transaction((tx) =>
    node.ledger.grantCredits(tx, {
      accountId,
      source,
      amountMicro,
      effectiveAt,
      expiresAt,
      cause: { kind: 'order', id: causeId ?? randomUUID() },
      description: 'A grant.',
    }),
  );
}

/** Spends and says how it went, in one word or the sequence of the entry. */
export async function spend(
  node: LedgerNode,
  accountId: string,
  amountMicro: bigint,
  key: string,
): Promise<bigint | string> {
  return said(
    node.ledger.spendCredits({
      accountId,
      amountMicro,
      idempotencyKey: key,
      usageType: null,
      description: null,
      metadata: null,
    }),
  );
}

export async function adjust(
  node: LedgerNode,
  accountId: string,
  amountMicro: bigint,
  key: string,
  expiresAt: Date | null = null,
): Promise<bigint | string> {
  return said(
    node.ledger.adjustCredits({
      accountId,
      amountMicro,
      idempotencyKey: key,
      reason: 'Because.',
      expiresAt,
    }),
  );
}

async function said(
  receipt: Promise<{ transaction: { sequence: bigint } }>,
): Promise<bigint | string> {
  try {
    return (await receipt).transaction.sequence;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}
