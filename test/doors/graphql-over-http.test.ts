import { type Audit, serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../support/gateway.ts';

describe('GraphQL over HTTP', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  const audits = serverAudits({ url: () => `${gateway.url}/graphql` });

  it('is audited by what the specification demands', () => {
    expect(audits.filter(({ name }) => name.startsWith('MUST')).length).toBeGreaterThan(10);
  });

  it.each(audits.map((audit): [string, Audit] => [audit.name, audit]))(
    '%s',
    async (_name, audit) => {
      const result = await audit.fn();
      expect(result.status, JSON.stringify(result)).not.toBe('error');
    },
  );
});
