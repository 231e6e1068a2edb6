import { setTimeout as pause } from 'node:timers/promises';
import { RawSocket } from '../doors/raw-socket.ts';
import { appendEntries } from '../live/given.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';

const LET_GO = 'a subscriber that does not read is let go';
const ENTRIES_AT_A_TIME = 50;
const LOOK_EVERY_MS = 1_000;
const QUERY = `subscription { creditBalanceChanged {
  balance { sequence } transactions { sequence amount description } } }`;

interface StallOptions {
  /** Logs at level debug, so that it can be seen whom it lets go. */
  readonly gateway: GatewayProcess;
  readonly url: string;
  readonly databaseUrl: string;
  readonly accounts: readonly { readonly id: string; readonly masterKey: string }[];
  /** How many sockets stop reading; one more for each account goes on. */
  readonly stalled: number;
  readonly entriesPerSecond: number;
  /** When to give up waiting for all of them to be let go. */
  readonly withinMs: number;
}

export interface StallFigures {
  /** How long after the last one stopped reading all of them had been let go. */
  readonly letGoAfterMs: number;
  readonly memoryBefore: number;
  readonly memoryAtMost: number;
  readonly entries: number;
  /** How long entries took to reach those that read, in milliseconds, from before they were written. */
  readonly delays: readonly number[];
  /** What those hear that read again right after they were let go. */
  readonly closeCodes: readonly number[];
}

interface Event {
  readonly creditBalanceChanged: { readonly balance: { readonly sequence: number } };
}

/** Lets sockets stop reading while entries are written, until the gateway has let go of all of them. */
export async function stallReaders(options: StallOptions): Promise<StallFigures> {
  const { gateway, url, accounts, stalled } = options;
  const keys = accounts.map(({ masterKey }) => masterKey);
  const deaf = await Promise.all(
    Array.from({ length: stalled }, (_, n) => subscribe(url, keys[n % keys.length] ?? '')),
  );
  const readers = await Promise.all(accounts.map(({ masterKey }) => Reader.open(url, masterKey)));
  const memoryBefore = await gateway.memory();
  for (const socket of deaf) socket.pause();
  const stalledAt = performance.now();
  const flow = new Flow(options, readers);
  let memoryAtMost = memoryBefore;
  let alreadyLetGo = 0;
  const closeCodes: number[] = [];
  while (alreadyLetGo < stalled && performance.now() - stalledAt < options.withinMs) {
    memoryAtMost = Math.max(memoryAtMost, await gateway.memory());
    await pause(LOOK_EVERY_MS);
    alreadyLetGo = gateway.said.split(LET_GO).length - 1;
  }
  const letGoAfterMs = performance.now() - stalledAt;
  for (const socket of deaf) socket.resume();
  const ends = await Promise.all(deaf.map(({ closed }) => closed));
  closeCodes.push(...ends.map(({ code }) => code));
  const entries = await flow.stop();
  const delays = (await Promise.all(readers.map((reader) => reader.finish()))).flat();
  return { letGoAfterMs, memoryBefore, memoryAtMost, entries, delays, closeCodes };
}

async function subscribe(url: string, masterKey: string): Promise<RawSocket> {
  const socket = await RawSocket.open(url);
  await socket.init(masterKey);
  socket.send({ id: '1', type: 'subscribe', payload: { query: QUERY } });
  return socket;
}

/** Entries, so many a second, for one account after the other. */
class Flow {
  readonly #written: Promise<number>;
  #isOver = false;

  constructor(options: StallOptions, readers: readonly Reader[]) {
    this.#written = this.#write(options, readers);
  }

  async stop(): Promise<number> {
    this.#isOver = true;
    return this.#written;
  }

  async #write(
    { databaseUrl, accounts, entriesPerSecond }: StallOptions,
    readers: readonly Reader[],
  ): Promise<number> {
    const database = { ownerUrl: databaseUrl, appUrl: databaseUrl, drop: async () => undefined };
    const since = performance.now();
    let written = 0;
    for (let turn = 0; !this.#isOver; turn += 1) {
      const account = turn % accounts.length;
      readers[account]?.expectMore(ENTRIES_AT_A_TIME);
      await appendEntries(database, accounts[account]?.id ?? '', ENTRIES_AT_A_TIME);
      written += ENTRIES_AT_A_TIME;
      const ahead = (written / entriesPerSecond) * 1_000 - (performance.now() - since);
      if (ahead > 0) await pause(ahead);
    }
    return written;
  }
}

/** A subscriber that reads, and notes how long its entries took. */
class Reader {
  readonly #socket: RawSocket;
  readonly #expected: { readonly sequence: number; readonly at: number }[] = [];
  readonly #delays: number[] = [];
  readonly #reading: Promise<void>;
  #last: number;
  #isOver = false;

  private constructor(socket: RawSocket, sequence: number) {
    this.#socket = socket;
    this.#last = sequence;
    this.#reading = this.#read();
  }

  static async open(url: string, masterKey: string): Promise<Reader> {
    const socket = await subscribe(url, masterKey);
    const { creditBalanceChanged } = await socket.next<Event>('next');
    return new Reader(socket, creditBalanceChanged.balance.sequence);
  }

  expectMore(entries: number): void {
    this.#last += entries;
    this.#expected.push({ sequence: this.#last, at: performance.now() });
  }

  /** Waits for what has not arrived; answers how long everything took. */
  async finish(): Promise<readonly number[]> {
    this.#isOver = true;
    // Nothing comes any more when nothing is expected, and the reading ends with the socket.
    if (this.#expected.length === 0) this.#socket.close();
    await this.#reading;
    this.#socket.close();
    return this.#delays;
  }

  async #read(): Promise<void> {
    while (!this.#isOver || this.#expected.length > 0) {
      const event = await this.#socket.next<Event>('next', 20_000).catch(() => null);
      if (event === null) return;
      const { sequence } = event.creditBalanceChanged.balance;
      while ((this.#expected[0]?.sequence ?? Number.POSITIVE_INFINITY) <= sequence) {
        const arrived = this.#expected.shift();
        if (arrived !== undefined) this.#delays.push(performance.now() - arrived.at);
      }
    }
  }
}
