import { pino } from 'pino';
import { WebhookEventSchema } from '../../src/inbox/webhook-event.entity.ts';
import { JobRunner } from '../../src/jobs/job-runner.ts';
import { Database } from '../../src/platform/database/database.ts';

/** A process of its own that takes jobs and never ends them. */
const [url = ''] = process.argv.slice(2);
const database = await Database.connect({
  url,
  entities: [WebhookEventSchema],
  poolSize: 2,
  onPoolError: () => undefined,
});
const runner = new JobRunner({
  url,
  database,
  logger: pino({ level: 'silent' }),
  tasks: {
    note: () => new Promise(() => undefined),
  },
  crontab: [],
});
await runner.start();
process.stdout.write('started\n');
