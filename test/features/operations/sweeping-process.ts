import 'reflect-metadata';
import { composeSweeps } from '../../../src/app/jobs.ts';
import { composeServices } from '../../../src/app/services.ts';
import { subscribeFeatures } from '../../../src/app/subscribers.ts';
import { loadConfig } from '../../../src/config.ts';
import { LiveHub } from '../../../src/live/hub.ts';
import { Database } from '../../../src/platform/database/database.ts';
import { entities } from '../../../src/platform/database/entities.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { Metrics } from '../../../src/platform/metrics.ts';

/** A process of its own that does everything that is due at an instant, and says so. */
const [url = '', now = ''] = process.argv.slice(2);
const database = await Database.connect({
  url,
  entities,
  poolSize: 4,
  onPoolError: () => undefined,
});
const services = composeServices({
  config: loadConfig({ NODE_ENV: 'test' }),
  database,
  hub: new LiveHub({ start: async () => undefined, close: async () => undefined }),
  clock: { now: () => new Date(now) },
  logger: createLogger('silent'),
  metrics: new Metrics(),
  providers: new Map(),
  playedProviders: null,
});
subscribeFeatures(services);
await services.catalog.defaultPlan();
process.stdout.write('started\n');
for (const part of composeSweeps(services)) await part.sweep();
await database.close();
process.stdout.write('done\n');
