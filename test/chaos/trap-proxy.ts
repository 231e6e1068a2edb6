import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What to wait for on the way to a server, and whether to stop there or on the way back. */
export interface Trap {
  readonly matches: (text: string) => boolean;
  readonly moment: 'before' | 'after';
}

interface Armed {
  readonly trap: Trap;
  readonly spring: (held: () => void) => void;
}

/**
 * Stands between a client and a server. A trap holds the first request that it fits, before the server has got it or after
 * it has answered, so that somebody can die at exactly that moment.
 */
export class TrapProxy {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  #armed: Armed | null = null;
  #release: (() => void) | null = null;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** `target` says where the server is, each time that a client connects. */
  static async open(target: () => number): Promise<TrapProxy> {
    const server = createServer();
    const proxy = new TrapProxy(server);
    server.on('connection', (client) => proxy.#join(client, target()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Sets a trap. Resolves with true when it holds something, and with false when nothing came in time. */
  arm(trap: Trap, withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        this.#armed = null;
        resolve(false);
      }, withinMs);
      this.#armed = {
        trap,
        spring: (release) => {
          clearTimeout(late);
          this.#release = release;
          resolve(true);
        },
      };
    });
  }

  /** Lets go on what a trap holds, if its ends are still there. */
  release(): void {
    this.#release?.();
    this.#release = null;
  }

  /** Cuts every connection, and with it what a trap holds. */
  cut(): void {
    this.#release = null;
    for (const socket of this.#connections) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, port: number): void {
    const server = connect({ host: '127.0.0.1', port });
    const awaited: { spring: Armed['spring'] | null } = { spring: null };
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.setNoDelay(true);
      this.#connections.add(one);
      one.on('error', () => one.destroy());
      one.on('close', () => {
        this.#connections.delete(one);
        other.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      const armed = this.#sprungBy(chunk);
      if (armed?.trap.moment === 'before') return hold(client, server, chunk, armed.spring);
      if (armed !== null) awaited.spring = armed.spring;
      server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      const { spring } = awaited;
      awaited.spring = null;
      if (spring !== null) hold(server, client, chunk, spring);
      else client.write(chunk);
    });
  }

  #sprungBy(chunk: Buffer): Armed | null {
    const armed = this.#armed;
    if (armed === null || !armed.trap.matches(chunk.toString('latin1'))) return null;
    this.#armed = null;
    return armed;
  }
}

function hold(from: Socket, to: Socket, chunk: Buffer, spring: Armed['spring']): void {
  from.pause();
  spring(() => {
    to.write(chunk);
    from.resume();
  });
}
