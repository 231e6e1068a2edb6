import { AudienceSocket } from './audience-socket.ts';
import { HttpCaller } from './http-caller.ts';
import type { PushFigures, PushOrder, PushTarget } from './push-order.ts';
import { RedisConnection } from './redis-connection.ts';
import { spendBody } from './spend-operation.ts';

const OPENED_TOGETHER = 50;
const RECEIVED_WITHIN_MS = 30_000;
/** The account of the subscriber who is alone. */
const ALONE = 9_999;
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
      audience = new Audience(order.target);
      await audience.open(order.sockets, order.accounts);
      return {};
    case 'close':
      audience?.close();
      audience = null;
      return {};
    case 'one account':
      return listening().hearOneAccount(order.changes);
    case 'every account':
      return listening().hearEveryAccount(order.callers);
    case 'answers':
      return oneSubscriber(order.target, order.changes);
    default:
      return throughRedis(order.url, order.changes);
  }
}

function listening(): Audience {
  if (audience === null) throw new Error('Nobody listens.');
  return audience;
}

/** The subscribers of one server. */
class Audience {
  readonly #target: PushTarget;
  readonly #sockets: AudienceSocket[] = [];
  #onReceipt: (account: number) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(target: PushTarget) {
    this.#target = target;
  }

  async open(sockets: number, accounts: number, first = 0): Promise<void> {
    const failed = new Promise<never>((_resolve, reject) => {
      this.#fail = reject;
    });
    while (this.#sockets.length < sockets) {
      const batch = Array.from({ length: OPENED_TOGETHER }, (_, n) => this.#sockets.length + n)
        .filter((n) => n < sockets)
        .map((n) => this.#open(first + (n % accounts)));
      this.#sockets.push(...(await Promise.race([Promise.all(batch), failed])));
    }
    failed.catch(() => undefined);
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  async hearOneAccount(changes: number): Promise<PushFigures> {
    const caller = await Caller.open(this.#target);
    const receipts = new Receipts(this.#sockets.length * changes);
    for (let change = 0; change < changes; change += 1) {
      const sentAt = performance.now();
      const received = this.#receive(this.#sockets.length, () => receipts.note(sentAt));
      await Promise.all([caller.change(0), received]);
    }
    caller.close();
    return receipts.figures();
  }

  async hearEveryAccount(count: number): Promise<PushFigures> {
    const callers = await Promise.all(
      Array.from({ length: count }, () => Caller.open(this.#target)),
    );
    const total = this.#sockets.length;
    const sentAt = new Float64Array(total);
    const receipts = new Receipts(total);
    let next = 0;
    const changeUntilEnd = async (caller: Caller) => {
      while (next < total) {
        const account = next;
        next += 1;
        sentAt[account] = performance.now();
        await caller.change(account);
      }
    };
    const received = this.#receive(total, (account) => receipts.note(sentAt[account] ?? 0));
    await Promise.all([received, ...callers.map(changeUntilEnd)]);
    for (const caller of callers) caller.close();
    return receipts.figures();
  }

  /** One change of one account after the other, and how long after its answer it was heard of. */
  async hearAfterAnswers(account: number, changes: number): Promise<PushFigures> {
    const caller = await Caller.open(this.#target);
    const receipts = new Receipts(changes);
    for (let change = 0; change < changes; change += 1) {
      const sentAt = performance.now();
      let receivedAt = 0;
      const received = this.#receive(1, () => {
        receivedAt = performance.now();
        receipts.note(sentAt);
      });
      const answered = caller.change(account).then(() => performance.now());
      const [answeredAt] = await Promise.all([answered, received]);
      receipts.noteAnswer(receivedAt - answeredAt);
    }
    caller.close();
    return receipts.figures();
  }

  #open(account: number): Promise<AudienceSocket> {
    return AudienceSocket.open({
      port: this.#target.port,
      account,
      onReceipt: (heardOf) => this.#onReceipt(heardOf),
      onFailure: (error) => this.#fail(error),
    });
  }

  /** Resolves when so many messages were heard. */
  #receive(count: number, note: (account: number) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      let missing = count;
      const late = setTimeout(
        () => reject(new Error(`${this.#target.name}: ${missing} messages are missing.`)),
        RECEIVED_WITHIN_MS,
      );
      this.#fail = reject;
      this.#onReceipt = (account) => {
        note(account);
        missing -= 1;
        if (missing > 0) return;
        clearTimeout(late);
        resolve();
      };
    });
  }
}

/** Asks for changes, in the words of whom it asks. */
class Caller {
  readonly #connection: HttpCaller;
  readonly #trigger: PushTarget['trigger'];

  private constructor(connection: HttpCaller, trigger: PushTarget['trigger']) {
    this.#connection = connection;
    this.#trigger = trigger;
  }

  static async open({ port, trigger }: PushTarget): Promise<Caller> {
    return new Caller(await HttpCaller.open(port), trigger);
  }

  async change(account: number): Promise<void> {
    keysUsed += 1;
    const answer =
      this.#trigger === 'spend'
        ? await this.#connection.post(account, spendBody(`push-${keysUsed}`))
        : await this.#connection.send('/publish', 'accept: */*', JSON.stringify({ account }));
    const isRight = answer.includes(
      this.#trigger === 'spend' ? 'SpendCreditsPayload' : '"ok":true',
    );
    if (!isRight) throw new Error(answer);
  }

  close(): void {
    this.#connection.close();
  }
}

class Receipts {
  readonly #waits: Float64Array;
  readonly #afterAnswers: number[] = [];
  #count = 0;
  #first = Number.POSITIVE_INFINITY;
  #last = 0;

  constructor(most: number) {
    this.#waits = new Float64Array(most);
  }

  note(sentAt: number): void {
    this.#last = performance.now();
    this.#first = Math.min(this.#first, sentAt);
    this.#waits[this.#count] = this.#last - sentAt;
    this.#count += 1;
  }

  noteAnswer(waitMs: number): void {
    this.#afterAnswers.push(waitMs);
  }

  figures(): PushFigures {
    const waits = this.#waits.subarray(0, this.#count).toSorted();
    const after = this.#afterAnswers.toSorted((a, b) => a - b);
    return {
      receipts: this.#count,
      perSecond: (this.#count / (this.#last - this.#first)) * 1_000,
      p50Ms: at(waits, 0.5),
      p99Ms: at(waits, 0.99),
      afterAnswerP50Ms: at(after, 0.5),
      afterAnswerP99Ms: at(after, 0.99),
    };
  }
}

async function oneSubscriber(target: PushTarget, changes: number): Promise<PushFigures> {
  const alone = new Audience(target);
  await alone.open(1, 1, ALONE);
  const figures = await alone.hearAfterAnswers(ALONE, changes);
  alone.close();
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

function at(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}
