import type { Database } from '../../platform/database/database.ts';
import type { Statement } from '../../platform/database/statement.ts';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { CheckInSettings } from '../catalog/catalog.model.ts';
import type { CheckIn } from './check-in.model.ts';

const COLUMNS = `c.id, c.account_id as "accountId", c.local_date::text as "localDate", c.streak,
  c.credits_micro as "creditsMicro", c.created_at as "createdAt"`;

const LATEST: Statement = {
  name: 'check_ins_latest',
  text: `select ${COLUMNS} from unnest($1::uuid[]) as wanted (account_id)
    cross join lateral (
      select * from check_in where account_id = wanted.account_id order by local_date desc limit 1
    ) c`,
};
const CONFIG: Statement = {
  name: 'check_in_config',
  text: `select enabled, credits_micro as "creditsMicro", streak_bonuses as "streakBonuses",
    expires_after_days as "expiresAfterDays" from check_in_config`,
};

interface ConfigRow extends Omit<CheckInSettings, 'streakBonuses'> {
  readonly streakBonuses: readonly { readonly days: number; readonly creditsMicro: string }[];
}

/** Every query on the tables of check-ins. */
export class CheckInStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The last check-in of each of these accounts, in no order; accounts without one are left out. */
  latest(accountIds: readonly string[]): Promise<CheckIn[]> {
    return this.#database.query<CheckIn>(LATEST, [[...accountIds]]);
  }

  async latestIn(tx: Transaction, accountId: string): Promise<CheckIn | null> {
    const [row] = await tx.query<CheckIn>(LATEST.text, [[accountId]]);
    return row ?? null;
  }

  async insert(tx: Transaction, checkIn: CheckIn): Promise<void> {
    const { id, accountId, localDate, streak, creditsMicro, createdAt } = checkIn;
    await tx.query(
      `insert into check_in (id, account_id, local_date, streak, credits_micro, created_at)
       values ($1, $2, $3, $4, $5, $6)`,
      [id, accountId, localDate, streak, creditsMicro, createdAt],
    );
  }

  /** What an administrator has set; null when nobody has. */
  async config(): Promise<CheckInSettings | null> {
    return toSettings(await this.#database.query<ConfigRow>(CONFIG, []));
  }

  async configIn(tx: Transaction): Promise<CheckInSettings | null> {
    return toSettings(await tx.query<ConfigRow>(CONFIG.text));
  }

  /** Keeps other changes of the settings waiting until the transaction ends, also before there is a row. */
  async lockConfig(tx: Transaction): Promise<void> {
    await tx.query('lock table check_in_config in share row exclusive mode');
  }

  async saveConfig(tx: Transaction, settings: CheckInSettings, now: Date): Promise<void> {
    const bonuses = settings.streakBonuses.map(({ days, creditsMicro }) => ({
      days,
      creditsMicro: creditsMicro.toString(),
    }));
    await tx.query(
      `insert into check_in_config (id, enabled, credits_micro, streak_bonuses, expires_after_days, updated_at)
       values (1, $1, $2, $3::jsonb, $4, $5)
       on conflict (id) do update set enabled = excluded.enabled, credits_micro = excluded.credits_micro,
         streak_bonuses = excluded.streak_bonuses, expires_after_days = excluded.expires_after_days,
         updated_at = excluded.updated_at`,
      [
        settings.enabled,
        settings.creditsMicro,
        JSON.stringify(bonuses),
        settings.expiresAfterDays,
        now,
      ],
    );
  }
}

function toSettings([row]: readonly ConfigRow[]): CheckInSettings | null {
  if (row === undefined) return null;
  const streakBonuses = row.streakBonuses.map(({ days, creditsMicro }) => ({
    days,
    creditsMicro: BigInt(creditsMicro),
  }));
  return { ...row, streakBonuses };
}
