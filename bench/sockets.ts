// `npm run bench:sockets`: what sockets cost the gateway's process: ten thousand that wait, and a hundred that stop reading
// while a thousand entries a second are written. Fails when a figure is beyond its limit.

import { RawSocket } from '../test/doors/raw-socket.ts';
import { stallReaders } from '../test/outages/stalled-readers.ts';
import { GatewayProcess } from '../test/support/gateway-process.ts';
import { machine, table } from './support/report-text.ts';
import { seededAccount } from './support/spend-operation.ts';
import { setStage } from './support/stage.ts';

const MIB = 1_048_576;
const IDLE = 10_000;
const IDLE_ACCOUNTS = 1_000;
const OPENED_TOGETHER = 50;
const LIMITS = { idleMib: 300, growthMib: 64, letGoAfterS: 30 };
const SUBSCRIPTION = 'subscription { creditBalanceChanged { balance { available } } }';

const stage = await setStage();
const databaseUrl = await stage.createDatabase('sockets');
const gateway = new GatewayProcess({
  DATABASE_URL: databaseUrl,
  DATA_DIR: stage.folder,
  LOG_LEVEL: 'debug',
});
try {
  const url = await gateway.listening();
  const stalled = await stallReaders({
    gateway,
    url,
    databaseUrl,
    accounts: Array.from({ length: 10 }, (_, n) => seededAccount(n)),
    stalled: 100,
    entriesPerSecond: 1_000,
    withinMs: 60_000,
  });
  const idle = await openIdle(url);
  report(stalled, idle);
} finally {
  await gateway.stop();
  await stage.close();
}

/** Opens sockets that subscribe and wait; answers the process's memory before and with them, in bytes. */
async function openIdle(url: string): Promise<{ before: number; after: number }> {
  const before = await gateway.memory();
  const sockets: RawSocket[] = [];
  while (sockets.length < IDLE) {
    const batch = Array.from({ length: OPENED_TOGETHER }, (_, n) =>
      open(url, (sockets.length + n) % IDLE_ACCOUNTS),
    );
    sockets.push(...(await Promise.all(batch)));
  }
  const after = await gateway.memory();
  for (const socket of sockets) socket.close();
  return { before, after };
}

async function open(url: string, account: number): Promise<RawSocket> {
  const socket = await RawSocket.open(url);
  await socket.init(seededAccount(account).masterKey);
  socket.send({ id: '1', type: 'subscribe', payload: { query: SUBSCRIPTION } });
  await socket.next('next');
  return socket;
}

function report(
  stalled: Awaited<ReturnType<typeof stallReaders>>,
  idle: { before: number; after: number },
): void {
  const growth = (stalled.memoryAtMost - stalled.memoryBefore) / MIB;
  const idleMib = idle.after / MIB;
  const letGoAfterS = stalled.letGoAfterMs / 1_000;
  const delays = stalled.delays.toSorted((a, b) => a - b);
  const at = (share: number) => `${Math.round(delays[Math.floor(delays.length * share)] ?? 0)} ms`;
  const seen = stalled.closeCodes.filter((code) => code === 1013).length;
  const rows = [
    [
      '100 that stop reading: growth of heap and external',
      `${growth.toFixed(1)} MiB`,
      `${LIMITS.growthMib} MiB`,
    ],
    ['… all let go after', `${letGoAfterS.toFixed(1)} s`, `${LIMITS.letGoAfterS} s`],
    ['… told 1013', `${seen} of 100`, ''],
    ['… entries written meanwhile', String(stalled.entries), ''],
    ['… reached the readers, median', at(0.5), ''],
    ['… 99th percentile', at(0.99), ''],
    [
      '10,000 idle: heap and external of the process',
      `${idleMib.toFixed(1)} MiB`,
      `${LIMITS.idleMib} MiB`,
    ],
    ['… per socket', `${((idle.after - idle.before) / 1_024 / IDLE).toFixed(1)} KiB`, ''],
  ];
  process.stdout.write(`${machine()}\n${table(['what', 'measured', 'limit'], rows)}\n`);
  const isBeyond =
    growth > LIMITS.growthMib ||
    letGoAfterS > LIMITS.letGoAfterS ||
    idleMib > LIMITS.idleMib ||
    seen < 100;
  if (isBeyond) process.exitCode = 1;
}
