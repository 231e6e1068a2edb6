// graphql-ws as its documentation sets it up with ws: `useServer` with a schema whose subscription is an AsyncIterable, here of a
// publisher in the same process that says which account moved. What is new is read by the resolver, with a DataLoader, as
// graphql.org recommends: all who ask at the same time share one statement, and all who ask the same the answer.
import DataLoader from 'dataloader';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { hear, port, READ_TOGETHER, read, upAndRunning } from './push-ledger.mjs';

const schema = buildSchema(`
  type CreditBalance { version: Float! sequence: Float! total: String! planCredits: String! purchasedCredits: String!
    promotionalCredits: String! held: String! owed: String! available: String! }
  type CreditTransaction { id: ID! sequence: Float! type: String! usageType: String amount: String! balanceAfter: String!
    description: String createdAt: String! }
  type CreditBalanceEvent { balance: CreditBalance! transactions: [CreditTransaction!]! lagged: Boolean! }
  type Query { ok: Boolean! }
  type Subscription { creditBalanceChanged: CreditBalanceEvent! }
`);
const changes = new DataLoader(
  (asked) => {
    // What was read is not read again from memory: the next one to ask wants what is new by then.
    for (const place of asked) changes.clear(place);
    return read(asked);
  },
  { cacheKeyFn: ({ account, after }) => `${account} ${after}`, maxBatchSize: READ_TOGETHER },
);
const subscribersOf = new Map();

/** Says that an account may have moved, the first time at once; as often as it was told while nobody asked, once. */
class Movements {
  /** Up to where its subscriber was told. */
  after = null;
  #account;
  #hasMoved = true;
  #wake = null;
  #done = false;

  constructor(account) {
    this.#account = account;
    const subscribers = subscribersOf.get(account) ?? new Set();
    subscribersOf.set(account, subscribers.add(this));
  }

  move() {
    this.#hasMoved = true;
    this.#wake?.(this.#next());
    this.#wake = null;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    if (this.#done || this.#hasMoved) return Promise.resolve(this.#next());
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  return() {
    this.#done = true;
    subscribersOf.get(this.#account)?.delete(this);
    this.#wake?.(this.#next());
    return Promise.resolve(this.#next());
  }

  #next() {
    if (this.#done) return { value: undefined, done: true };
    this.#hasMoved = false;
    return { value: { account: this.#account, movements: this }, done: false };
  }
}

const field = schema.getSubscriptionType().getFields().creditBalanceChanged;
field.subscribe = (_root, _args, { account }) => new Movements(account);
field.resolve = async ({ account, movements }) => {
  const event = await changes.load({ account, after: movements.after });
  movements.after = event.balance.sequence;
  return event;
};

await hear((moved) => {
  const accounts = moved === '*' ? subscribersOf.keys() : [moved];
  for (const account of accounts)
    for (const movements of subscribersOf.get(account) ?? []) movements.move();
});
const server = upAndRunning();
useServer(
  { schema, context: ({ connectionParams }) => ({ account: connectionParams.account }) },
  new WebSocketServer({ server, path: '/graphql' }),
);
server.listen({ port, host: '127.0.0.1', backlog: 4_096 });
