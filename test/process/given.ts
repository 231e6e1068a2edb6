import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The gateway as a process of its own, as `npm start` runs it. */
export class GatewayProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  #end: Ended | null = null;

  constructor(environment: Readonly<Record<string, string>>, cwd = ROOT) {
    this.child = spawn(process.execPath, ['--enable-source-maps', join(ROOT, 'dist/main.js')], {
      cwd,
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.#end = { code, signal };
        resolve(this.#end);
      });
    });
  }

  /** Where it listens; throws with what it said when it ended instead. */
  async listening(): Promise<string> {
    for (;;) {
      const url = /listening on (http:\S+)/.exec(this.stdout)?.[1];
      if (url !== undefined && this.stdout.includes("-d '")) return url;
      if (this.#end !== null) throw new Error(`It ended: ${this.stdout}${this.stderr}`);
      await this.#news();
    }
  }

  /** Asks it to stop; answers how it ended and after how many seconds. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended & { readonly seconds: number }> {
    const startedAt = performance.now();
    this.child.kill(signal);
    const ended = await this.ended;
    return { ...ended, seconds: (performance.now() - startedAt) / 1_000 };
  }

  #news(): Promise<unknown> {
    return Promise.race([
      this.ended,
      new Promise((resolve) => this.child.stdout?.once('data', resolve)),
    ]);
  }
}

/** Runs the gateway until the test ends, on free ports. */
export function startProcess(
  dataDir: string,
  environment: Readonly<Record<string, string>> = {},
): GatewayProcess {
  const gateway = new GatewayProcess({
    DATA_DIR: dataDir,
    PORT: '0',
    SANDBOX_PORT: '0',
    ...environment,
  });
  onTestFinished(async () => {
    if (gateway.child.exitCode === null && gateway.child.signalCode === null) await gateway.stop();
  });
  return gateway;
}

/** A data folder that is gone when the test ends. */
export async function givenDataDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-process-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
