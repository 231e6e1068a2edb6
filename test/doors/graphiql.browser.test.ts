import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spendEach } from '../live/given.ts';
import { openBrowser } from '../sandbox/given-browser.ts';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';

describe('GraphiQL', { timeout: 90_000 }, () => {
  let gateway: TestGateway;
  let browser: Browser;
  let account: TestAccount;
  beforeAll(async () => {
    [gateway, browser] = await Promise.all([startGateway(), openBrowser()]);
    account = await gateway.createAccount({ credits: '77' });
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });

  /** The page with a query and a key in it, and what it asked of others and complained of. */
  async function openGraphiql(query: string, key: string | null) {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    const foreign: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(gateway.url) && !/^(data|blob):/.test(url)) foreign.push(url);
    });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${gateway.url}/graphiql?${new URLSearchParams({ query })}`);
    if (key !== null) {
      await page.getByRole('button', { name: 'Headers' }).click();
      await page.locator('.graphiql-editor-tool .monaco-editor:visible').click();
      await page.keyboard.insertText(JSON.stringify({ Authorization: `Bearer ${key}` }));
    }
    await page.getByRole('button', { name: /Execute query/ }).click();
    return { page, foreign, complaints };
  }

  async function untilShown(page: Page, text: string): Promise<void> {
    await page.locator('.result-window').getByText(text).first().waitFor();
  }

  it('runs a query, and loads nothing from elsewhere', async () => {
    const { page, foreign, complaints } = await openGraphiql('{ plans { slug } }', null);
    await untilShown(page, '"starter-pro"');
    expect(foreign).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows a balance as it changes', async () => {
    const query = 'subscription { creditBalanceChanged { balance { available } } }';
    const { page, foreign, complaints } = await openGraphiql(query, account.masterKey);
    await untilShown(page, '"77"');
    await spendEach(account, ['a']);
    await untilShown(page, '"76"');
    expect(foreign).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
