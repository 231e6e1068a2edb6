import { AccountService } from '../../../src/features/account/account.service.ts';
import { AccountStore } from '../../../src/features/account/account.store.ts';
import { LedgerService } from '../../../src/features/ledger/ledger.service.ts';
import { LedgerStore } from '../../../src/features/ledger/ledger.store.ts';
import { LedgerHistoryStore } from '../../../src/features/ledger/ledger-history.store.ts';
import { LoneDebitStore } from '../../../src/features/ledger/lone-debit.store.ts';
import { Database } from '../../../src/platform/database/database.ts';
import { entities } from '../../../src/platform/database/entities.ts';
import { DomainEvents } from '../../../src/platform/domain-events.ts';

/** Spends one micro-credit for each of the keys, of the accounts in turn, all at once; says how often it was let. */
const [url = '', accountList = '', keys = '0', prefix = ''] = process.argv.slice(2);
const accountIds = accountList.split(',');
const clock = { now: () => new Date('2026-03-01T00:00:00Z') };
const database = await Database.connect({
  url,
  entities,
  poolSize: 4,
  onPoolError: () => undefined,
});
const ledger = new LedgerService({
  database,
  clock,
  events: new DomainEvents(),
  store: new LedgerStore(database),
  lone: new LoneDebitStore(database),
  history: new LedgerHistoryStore(database),
  accounts: new AccountService({
    database,
    clock,
    events: new DomainEvents(),
    store: new AccountStore(database),
    apiKeys: undefined as never,
  }),
});
const spends = Array.from({ length: Number(keys) }, (_, index) =>
  ledger.spendCredits({
    accountId: accountIds[index % accountIds.length] as string,
    amountMicro: 1n,
    idempotencyKey: `${prefix}${index}`,
    usageType: null,
    description: null,
    metadata: null,
  }),
);
const results = await Promise.allSettled(spends);
await database.close();
process.stdout.write(`${results.filter(({ status }) => status === 'fulfilled').length}\n`);
