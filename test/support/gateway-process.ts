import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TELL_MEMORY = new URL('./tell-memory.ts', import.meta.url).href;
const LISTENING = /listening on (http:\S+)/;

/** The gateway as a process of its own, that may be killed at any moment. It tells its memory when it is asked. */
export class GatewayProcess {
  readonly child: ChildProcess;
  readonly #ended: Promise<void>;
  #said = '';
  #wake: () => void = () => undefined;

  constructor(environment: Readonly<Record<string, string>>) {
    const args = ['--enable-source-maps', '--expose-gc', '--import', TELL_MEMORY, 'dist/main.js'];
    this.child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { PORT: '0', SANDBOX_PORT: '0', LOG_LEVEL: 'error', ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text;
        this.#wake();
      });
    }
    this.#ended = once(this.child, 'close').then(() => this.#wake());
  }

  /** Everything that it printed until now. */
  get said(): string {
    return this.#said;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves with where it listens; rejects with what it said when it ended instead. */
  async listening(): Promise<string> {
    for (;;) {
      const url = LISTENING.exec(this.#said)?.[1];
      if (url !== undefined) return url;
      if (!this.isRunning) throw new Error(`The gateway ended: ${this.#said}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** What it needs after a thorough collection, in bytes: the heap and what lies outside of it. */
  async memory(): Promise<number> {
    const answered = once(this.child, 'message');
    this.child.send('memory');
    const [usage] = (await answered) as [NodeJS.MemoryUsage];
    return usage.heapUsed + usage.external;
  }

  /** Ends it and waits until it has. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.isRunning) this.child.kill(signal);
    await this.#ended;
  }
}
