import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/platform/database/embedded-postgres.ts';
import { migrate } from '../../src/platform/database/migrate.ts';

/** The one server of a test run. Tests work in databases of their own on it: see `createTestDatabase`. */
export interface TestServer {
  ownerUrl: string;
  appUrl: string;
  superuserUrl: string;
  /** The migrated database that the others are copied from. Nobody may stay connected to it. */
  template: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: TestServer;
  }
}

const TEMPLATE = 'tollgate_template';

/** Starts PostgreSQL for the whole run and builds the template. Answers the undoing of both. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tollgate-test-'));
  const remove = () => rm(dataDir, { recursive: true, force: true });
  const server = await startEmbeddedPostgres({ dataDir, durable: false }).catch(async (error) => {
    await remove();
    throw error;
  });
  const tearDown = async () => {
    await server.stop();
    await remove();
  };
  try {
    await buildTemplate(server);
  } catch (error) {
    await tearDown();
    throw error;
  }
  const { ownerUrl, appUrl, superuserUrl } = server;
  project.provide('postgres', { ownerUrl, appUrl, superuserUrl, template: TEMPLATE });
  return tearDown;
}

async function buildTemplate(server: EmbeddedPostgres): Promise<void> {
  const superuser = new Client({ connectionString: server.superuserUrl });
  await superuser.connect();
  try {
    await superuser.query(`create database ${TEMPLATE} owner tollgate_owner`);
    const template = new URL(server.ownerUrl);
    template.pathname = TEMPLATE;
    await migrate({ ownerUrl: template.href, appRole: 'tollgate_app' });
  } finally {
    await superuser.end();
  }
}
