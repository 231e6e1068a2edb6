// graphql-ws as its documentation sets it up with ws: `useServer` with a schema whose subscription is an AsyncIterable, here of
// a publisher in the same process that keeps one queue per subscriber and nothing else.
import { createServer } from 'node:http';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { port, publishing, snapshotOf, spendFrom } from './push-book.mjs';

const schema = buildSchema(`
  type CreditBalance { version: Float! sequence: Float! total: String! planCredits: String! purchasedCredits: String!
    promotionalCredits: String! held: String! owed: String! available: String! }
  type CreditTransaction { id: ID! sequence: Float! type: String! usageType: String amount: String! balanceAfter: String!
    description: String createdAt: String! }
  type CreditBalanceEvent { balance: CreditBalance! transactions: [CreditTransaction!]! lagged: Boolean! }
  type Query { ok: Boolean! }
  type Subscription { creditBalanceChanged: CreditBalanceEvent! }
`);
const subscribersOf = new Map();

class Events {
  #queue;
  #wake = null;
  #done = false;
  #account;

  constructor(account) {
    this.#account = account;
    this.#queue = [snapshotOf(account)];
    const subscribers = subscribersOf.get(account) ?? new Set();
    subscribersOf.set(account, subscribers.add(this));
  }

  push(event) {
    if (this.#wake === null) this.#queue.push(event);
    else this.#wake({ value: event, done: false });
    this.#wake = null;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    if (this.#done) return Promise.resolve({ value: undefined, done: true });
    const value = this.#queue.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  return() {
    this.#done = true;
    subscribersOf.get(this.#account)?.delete(this);
    this.#wake?.({ value: undefined, done: true });
    return Promise.resolve({ value: undefined, done: true });
  }
}

schema.getSubscriptionType().getFields().creditBalanceChanged.subscribe = (
  _root,
  _args,
  { account },
) => new Events(account);

const server = createServer(
  publishing((account) => {
    const event = spendFrom(account);
    for (const subscriber of subscribersOf.get(account) ?? []) subscriber.push(event);
  }),
);
useServer(
  { schema, context: ({ connectionParams }) => ({ account: connectionParams.account }) },
  new WebSocketServer({ server, path: '/graphql' }),
);
server.listen({ port, host: '127.0.0.1', backlog: 4_096 });
