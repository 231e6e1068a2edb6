import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';

describe('whether a gateway is ready', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  async function status(path: string): Promise<number> {
    return (await fetch(gateway.url + path)).status;
  }

  it('is denied while the schema is older than the program, though it lives', async () => {
    expect(await status('/readyz')).toBe(200);
    const owner = new Client({ connectionString: gateway.database.ownerUrl });
    await owner.connect();
    const { rows } = await owner.query(
      `update migration set name = 'of-another-version' where name like '0021%' returning id`,
    );
    expect(rows).toHaveLength(1);
    expect(await status('/readyz')).toBe(503);
    expect(await status('/healthz')).toBe(200);
    await owner.query(
      `update migration set name = '0021_rate_windows.sql' where name = 'of-another-version'`,
    );
    expect(await status('/readyz')).toBe(200);
    await owner.end();
  });
});
