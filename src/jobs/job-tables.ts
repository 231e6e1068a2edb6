import { runMigrations } from 'graphile-worker';

/** Creates or upgrades the job queue's own schema, `graphile_worker`. */
export async function installJobTables(ownerUrl: string): Promise<void> {
  await runMigrations({ connectionString: ownerUrl, logger: undefined });
}
