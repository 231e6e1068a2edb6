import { join } from 'node:path';
import { startServerProcess, tollgateWith } from './server-process.ts';
import type { Stage } from './stage.ts';

/** Several processes of Tollgate on one database of their own. */
export interface GatewayGroup {
  readonly title: string;
  readonly databaseUrl: string;
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

/** Starts them at once, with more settings than a race needs by itself. */
export async function startGroup(
  stage: Stage,
  title: string,
  count: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<GatewayGroup> {
  const name = title.replaceAll(/\W+/g, '_').toLowerCase();
  const databaseUrl = await stage.createDatabase(name);
  const launches = Array.from({ length: count }, (_, n) => {
    // Each plays the provider by itself, and keeps its own books.
    const launch = tollgateWith({ ...settings, DATA_DIR: join(stage.folder, `${name}-${n}`) });
    return startServerProcess(launch, databaseUrl, stage);
  });
  const servers = await Promise.all(launches);
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  return { title, databaseUrl, ports: servers.map(({ port }) => port), stop };
}
