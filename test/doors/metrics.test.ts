import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { control, forgetFaults, newKey, pageOf, pay, recharge } from '../flows/given-purchases.ts';
import { eventually } from '../live/given.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { holdBalances, untilOneWaits } from '../support/held-balances.ts';
import {
  CreateSetupIntentDocument,
  CreditBalanceChangedDocument,
  OverviewDocument,
} from '../support/operations.generated.ts';

const SPEND = `mutation SecretNameOfAClient($input: SpendCreditsInput!) { spendCredits(input: $input) { __typename } }`;

describe('the metrics of a gateway', () => {
  let gateway: TestGateway;
  let account: TestAccount;
  beforeAll(async () => {
    gateway = await startGateway({ environment: { RATE_LIMIT_WRONG_KEYS: '2' } });
    account = await gateway.createAccount({ externalId: 'a-customer-by-name', credits: '10' });
  });
  afterAll(() => gateway.close());

  async function read(): Promise<string> {
    return (await fetch(`${gateway.url}/metrics`)).text();
  }

  /** The value of the series with these labels. */
  async function value(series: string): Promise<number> {
    const line = (await read()).split('\n').find((text) => text.startsWith(`${series} `));
    if (line === undefined) throw new Error(`There is no ${series} in\n${await read()}`);
    return Number(line.split(' ').at(-1));
  }

  function spend(amount: string) {
    return account.client.post({
      query: SPEND,
      variables: { input: { amount, idempotencyKey: newKey() } },
    });
  }

  it('count requests, operations and spends, and how many spends went together', async () => {
    const release = await holdBalances(gateway.database.ownerUrl);
    const spends = Array.from({ length: 8 }, () => spend('1'));
    await untilOneWaits(gateway.database.ownerUrl);
    await read();
    await release();
    await Promise.all(spends);
    await spend('100');
    await account.client.post({ query: '{ nonsense }' });
    await fetch(`${gateway.url}/${account.id}`);

    const posted = 'http_request_method="POST",http_route="/graphql"';
    await eventually(
      async () =>
        (await value(
          `http_server_request_duration_seconds_count{${posted},http_response_status_code="400"}`,
        )) === 1,
    );
    expect(
      await value(
        'http_server_request_duration_seconds_count{http_request_method="GET",http_route="none",http_response_status_code="404"}',
      ),
    ).toBe(1);
    expect(
      await value(
        'tollgate_graphql_operations_total{type="none",outcome="GRAPHQL_VALIDATION_FAILED"}',
      ),
    ).toBe(1);
    expect(
      await value('tollgate_graphql_operations_total{type="mutation",outcome="OK"}'),
    ).toBeGreaterThanOrEqual(9);
    expect(await value('tollgate_debits_total{outcome="applied"}')).toBe(8);
    expect(await value('tollgate_debits_total{outcome="insufficient"}')).toBe(1);
    expect(await value('tollgate_debit_batch_size_sum')).toBe(9);
    expect(await value('tollgate_debit_batch_size_count')).toBeLessThan(9);
  });

  it('count webhooks, jobs and calls of the provider, and tell when they wait', async () => {
    await pay(pageOf(await recharge(account)).checkoutUrl);
    await gateway.settled();
    await fetch(`${gateway.url}/webhooks/stripe`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    await control(gateway, 'faults', {
      method: 'POST',
      path: '/v1/setup_intents',
      effect: '500',
      times: 9,
    });
    await account.client.send(CreateSetupIntentDocument, { input: { idempotencyKey: newKey() } });
    await forgetFaults(gateway);

    expect(
      await value('tollgate_webhooks_total{channel="STRIPE",outcome="stored"}'),
    ).toBeGreaterThan(0);
    expect(await value('tollgate_webhooks_total{channel="STRIPE",outcome="refused"}')).toBe(1);
    expect(await value('tollgate_webhook_lag_seconds')).toBe(0);
    expect(await value('tollgate_webhooks_dead')).toBe(0);
    expect(await value('tollgate_job_lag_seconds')).toBeLessThan(60);
    const text = await read();
    expect(text).toMatch(
      /tollgate_job_duration_seconds_count\{task="[\w.-]+",outcome="done"\} [1-9]/,
    );
    expect(text).toMatch(
      /tollgate_provider_call_duration_seconds_count\{channel="STRIPE",call="\w+",outcome="OK"\} [1-9]/,
    );
    expect(text).toMatch(/call="\w*[sS]etup\w*",outcome="(PROVIDER_UNAVAILABLE|FAILED)"\} 1/);
  });

  it('count what came too often, and the sockets that are open', async () => {
    for (let n = 0; n < 4; n += 1) await gateway.as('tg_wrong').send(OverviewDocument);
    expect(await value('tollgate_rate_limited_total{by="wrong_keys"}')).toBe(2);

    expect(await value('tollgate_open_sockets')).toBe(0);
    const live = gateway.live(account.masterKey).subscribe(CreditBalanceChangedDocument, {});
    await live.next();
    expect(await value('tollgate_open_sockets')).toBe(1);
    expect(await value('tollgate_live_watchers')).toBeGreaterThan(0);
  });

  it('tell of the process and the pool', async () => {
    expect(await value('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(await value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(await value('tollgate_event_loop_delay_p99_seconds')).toBeGreaterThanOrEqual(0);
    expect(await value('tollgate_database_connections')).toBeGreaterThan(0);
    expect(await value('tollgate_database_waiting')).toBe(0);
  });

  it('name nothing that a client made up, and nobody', async () => {
    const text = await read();
    for (const word of [
      account.id,
      'a-customer-by-name',
      'SecretNameOfAClient',
      'nonsense',
      account.masterKey,
    ])
      expect(text).not.toContain(word);
    for (const line of text.split('\n').filter((each) => each !== '' && !each.startsWith('#')))
      expect(line).toMatch(/^(http_server|tollgate|process)_[a-z0-9_]+(\{.*\})? [\d.eE+-]+$/);
  });

  it('are read on this machine only, when no token is set', async () => {
    expect((await fetch(`${gateway.url}/metrics`)).status).toBe(200);
    for (const header of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
      const proxied = await fetch(`${gateway.url}/metrics`, { headers: { [header]: '127.0.0.1' } });
      expect(proxied.status).toBe(403);
      expect(await proxied.text()).not.toContain('tollgate_');
    }
  });

  it('are read with the token, when one is set', async () => {
    const guarded = await startGateway({ environment: { METRICS_TOKEN: 'prometheus-may-read' } });
    const status = async (authorization?: string) => {
      const headers: HeadersInit =
        authorization === undefined ? [] : [['authorization', authorization]];
      return (await fetch(`${guarded.url}/metrics`, { headers })).status;
    };
    expect(await status('Bearer prometheus-may-read')).toBe(200);
    expect(await status()).toBe(401);
    expect(await status('Bearer prometheus-may-rea')).toBe(401);
    expect(await status('prometheus-may-read')).toBe(401);
    await guarded.close();
  });
});
