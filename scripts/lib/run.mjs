import { spawn } from 'node:child_process';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** npm and the terminal may both deliver the same Ctrl-C; a later one is meant as a second one. */
const SAME_SIGNAL_MS = 1_000;

/** Runs a program to its end and keeps what it prints. A signal to us ends it, and then us. */
export async function capture(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const { code, signal, error } = await outcome(child, () => child.kill());
  if (SIGNALS.includes(signal)) process.exit(130);
  return { code: code ?? 1, output: error ? `${error.message}\n${output}` : output, error };
}

/** Runs a program that takes over our terminal. Answers its exit code. */
export async function takeOver(command, args, options = {}) {
  const child = spawn(command, args, { stdio: 'inherit', ...options });
  const forward = (signal) => {
    // Windows has no signals to send; the end of the channel is what the program sees there.
    if (process.platform === 'win32' && child.connected) child.disconnect();
    else child.kill(signal);
  };
  const { code, signal, error } = await outcome(child, forward);
  if (error) throw error;
  return code ?? 128 + (SIGNAL_NUMBERS[signal] ?? 1);
}

const SIGNAL_NUMBERS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

function outcome(child, onSignal) {
  const lastSeen = new Map();
  const listen = (signal) => {
    const now = performance.now();
    const before = lastSeen.get(signal) ?? Number.NEGATIVE_INFINITY;
    lastSeen.set(signal, now);
    if (now - before > SAME_SIGNAL_MS) onSignal(signal);
  };
  for (const signal of SIGNALS) process.on(signal, listen);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ error }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  }).finally(() => {
    for (const signal of SIGNALS) process.off(signal, listen);
  });
}
