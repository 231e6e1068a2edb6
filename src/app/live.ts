import type { Config } from '../config.ts';
import { LiveHub } from '../live/hub.ts';
import { PostgresTransport } from '../live/postgres-transport.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';

/** Hints between processes by PostgreSQL, or through Redis where one is named. */
export async function composeHub(
  { redisUrl }: Config,
  databaseUrl: string,
  logger: Logger,
  metrics: Metrics,
): Promise<LiveHub> {
  if (redisUrl === null) return new LiveHub(new PostgresTransport(databaseUrl, logger));
  // What Redis needs is loaded only where there is one.
  const { RedisTransport } = await import('../live/redis-transport.ts');
  const transport = new RedisTransport({ redisUrl, databaseUrl, logger });
  metrics.read(
    'tollgate_live_through_redis',
    'Whether hints of changes go through Redis (1), or PostgreSQL makes up for it (0).',
    () => (transport.isThroughRedis ? 1 : 0),
  );
  return new LiveHub(transport);
}
