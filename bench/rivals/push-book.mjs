// What the servers that only push have instead of a ledger: a balance per account in memory, and the change that a request asks
// for. It is as much as Tollgate tells of a spend.
import { once } from 'node:events';

const balances = new Map();

/** The event of an account's present state. */
export function snapshotOf(account) {
  return eventOf(account, balances.get(account) ?? 0, []);
}

/** Spends once more from an account; answers the event. */
export function spendFrom(account) {
  const version = (balances.get(account) ?? 0) + 1;
  balances.set(account, version);
  const amountLeft = String(1_999_999 - version / 4);
  return eventOf(account, version, [
    {
      id: Buffer.from(
        `CreditTransaction:0192b3c4-0000-7000-8000-${String(account).padStart(12, '0')}/${version}`,
      ).toString('base64url'),
      sequence: version,
      type: 'SPEND',
      usageType: 'ai_usage',
      amount: '-0.25',
      balanceAfter: amountLeft,
      description: 'Chat completion',
      createdAt: new Date().toISOString(),
    },
  ]);
}

function eventOf(account, version, transactions) {
  const amountLeft = String(1_999_999 - version / 4);
  const balance = {
    version,
    sequence: version,
    total: amountLeft,
    planCredits: String(999_999 - version / 4),
    purchasedCredits: '1000000',
    promotionalCredits: '0',
    held: '0',
    owed: '0',
    available: amountLeft,
  };
  return { account, creditBalanceChanged: { balance, transactions, lagged: false } };
}

/** Answers `POST /publish {"account": n}` after the change was published; everything else is told that the server is up. */
export function publishing(publish) {
  return async (request, response) => {
    if (request.method === 'POST') {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      await once(request, 'end');
      publish(JSON.parse(body).account);
    }
    const answer = '{"ok":true}';
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': answer.length,
    });
    response.end(answer);
  };
}

export const port = Number(process.argv[3]);
