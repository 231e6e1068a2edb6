import { AudienceSocket } from './audience-socket.ts';
import { HttpCaller } from './http-caller.ts';
import { LedgerRun } from './ledger-run.ts';
import type { PushFigures, PushOrder, PushTarget } from './push-order.ts';
import { Receipts } from './push-receipts.ts';
import { RedisConnection } from './redis-connection.ts';

const OPENED_TOGETHER = 50;
const RECEIVED_WITHIN_MS = 30_000;
/** The account of the subscriber who is alone. */
const ALONE = 9_999;
/** Of one account of so many a message is kept, to be compared. */
const SAMPLED = 50;
const REDIS_CHANNEL = 'push';

let audience: Audience | null = null;
let keysUsed = 0;

// A process of its own: it is told what to do, one thing after the other, and answers with the figures.
process.on('message', (order: PushOrder) => {
  follow(order).then(
    (figures) => process.send?.(figures),
    (error: Error) => process.send?.({ error: error.stack }),
  );
});

async function follow(order: PushOrder): Promise<PushFigures | object> {
  switch (order.what) {
    case 'open':
      audience = await Audience.gather(order.target, order.accounts);
      await audience.open(order.sockets);
      return {};
    case 'close':
      await audience?.close();
      audience = null;
      return {};
    case 'runs':
      if (audience === null) throw new Error('Nobody listens.');
      return audience.hearRuns(order.count);
    case 'answers':
      return oneSubscriber(order.target, order.changes);
    default:
      return throughRedis(order.url, order.changes);
  }
}

/** The subscribers of one server. */
class Audience {
  readonly #target: PushTarget;
  readonly #accounts: number;
  readonly #run: LedgerRun;
  readonly #sockets: AudienceSocket[] = [];
  #onReceipt: (account: number, message: Buffer) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  private constructor(target: PushTarget, accounts: number, run: LedgerRun) {
    this.#target = target;
    this.#accounts = accounts;
    this.#run = run;
  }

  /** An audience of so many accounts, in which nobody is yet. */
  static async gather(target: PushTarget, accounts: number): Promise<Audience> {
    return new Audience(target, accounts, await LedgerRun.open(target.databaseUrl));
  }

  async open(sockets: number, first = 0): Promise<void> {
    const failed = new Promise<never>((_resolve, reject) => {
      this.#fail = reject;
    });
    while (this.#sockets.length < sockets) {
      const batch = Array.from({ length: OPENED_TOGETHER }, (_, n) => this.#sockets.length + n)
        .filter((n) => n < sockets)
        .map((n) => this.#open(first + (n % this.#accounts)));
      this.#sockets.push(...(await Promise.race([Promise.all(batch), failed])));
    }
    failed.catch(() => undefined);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await this.#run.close();
  }

  /** So many runs over the accounts, each from its commit until everybody has heard of it. */
  async hearRuns(count: number): Promise<PushFigures> {
    const receipts = new Receipts(this.#sockets.length * count);
    const samples: Record<string, string> = {};
    let spentMs = 0;
    await this.#run.tidyUp();
    for (let n = 0; n < count; n += 1) {
      await this.#run.debit(this.#accounts);
      const sentAt = performance.now();
      const received = this.#receive(this.#sockets.length, (account, message) => {
        receipts.note(sentAt);
        if (account % SAMPLED === 0) samples[`${account}, run ${n}`] ??= String(message);
      });
      await Promise.all([this.#run.commit(), received]);
      spentMs += performance.now() - sentAt;
    }
    const figures = receipts.figures();
    return { ...figures, perSecond: (figures.receipts / spentMs) * 1_000, samples };
  }

  /** One spend of one account after the other, and how long after its answer it was heard of. */
  async hearAfterAnswers(account: number, changes: number): Promise<PushFigures> {
    const caller = await HttpCaller.open(this.#target.port);
    const receipts = new Receipts(changes);
    for (let change = 0; change < changes; change += 1) {
      const sentAt = performance.now();
      let receivedAt = 0;
      const received = this.#receive(1, () => {
        receivedAt = performance.now();
        receipts.note(sentAt);
      });
      const [answeredAt] = await Promise.all([spendFrom(caller, account), received]);
      receipts.noteAnswer(receivedAt - answeredAt);
    }
    caller.close();
    return receipts.figures();
  }

  #open(account: number): Promise<AudienceSocket> {
    return AudienceSocket.open({
      port: this.#target.port,
      account,
      onReceipt: (heardOf, message) => this.#onReceipt(heardOf, message),
      onFailure: (error) => this.#fail(error),
    });
  }

  /** Resolves when so many messages were heard. */
  #receive(count: number, note: (account: number, message: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      let missing = count;
      const late = setTimeout(
        () => reject(new Error(`${this.#target.name}: ${missing} messages are missing.`)),
        RECEIVED_WITHIN_MS,
      );
      this.#fail = reject;
      this.#onReceipt = (heardOf, message) => {
        note(heardOf, message);
        missing -= 1;
        if (missing > 0) return;
        clearTimeout(late);
        resolve();
      };
    });
  }
}

/** Spends once; answers when the answer came. */
async function spendFrom(caller: HttpCaller, account: number): Promise<number> {
  keysUsed += 1;
  const answer = await caller.spend(account, `push-${keysUsed}`);
  const answeredAt = performance.now();
  if (!answer.includes('SpendCreditsPayload')) throw new Error(answer);
  return answeredAt;
}

async function oneSubscriber(target: PushTarget, changes: number): Promise<PushFigures> {
  const alone = await Audience.gather(target, 1);
  await alone.open(1, ALONE);
  const figures = await alone.hearAfterAnswers(ALONE, changes);
  await alone.close();
  return figures;
}

async function throughRedis(url: string, changes: number): Promise<PushFigures> {
  const publisher = await RedisConnection.open(url);
  const subscriber = await RedisConnection.open(url);
  await subscriber.send('SUBSCRIBE', REDIS_CHANNEL);
  const receipts = new Receipts(changes);
  const message = JSON.stringify({ data: 'x'.repeat(560) });
  for (let change = 0; change < changes; change += 1) {
    const sentAt = performance.now();
    const heard = subscriber.hear().then(() => receipts.note(sentAt));
    await Promise.all([publisher.send('PUBLISH', REDIS_CHANNEL, message), heard]);
  }
  publisher.close();
  subscriber.close();
  return receipts.figures();
}
