import type { CronEntry, Tasks } from '../../jobs/task.ts';
import type { ClientTokenKeys } from './client-token-keys.service.ts';

const ROTATE = 'rotate-client-token-keys';

/** The keys of clients' tokens take turns. */
export function clientTokenTasks(keys: ClientTokenKeys): Tasks {
  return { [ROTATE]: () => keys.rotate() };
}

/** Every hour: a key that has signed for a day gives way. */
export const clientTokenCrontab: readonly CronEntry[] = [{ pattern: '23 * * * *', task: ROTATE }];
