import { AudienceSocket } from './audience-socket.ts';
import type { GatewayGroup } from './gateway-group.ts';
import { HttpCaller } from './http-caller.ts';

/** From asking for a spend to what subscribers hear of it. */
export interface PushLatencies {
  readonly sameP50Ms: number;
  readonly otherP50Ms: number;
  readonly otherP99Ms: number;
}

const RECEIVED_WITHIN_MS = 10_000;

/** Spends at the first process, one after the other, with a subscriber at each of them; every spend must reach all. */
export async function measurePushes(
  { ports }: GatewayGroup,
  account: number,
  spends: number,
  key: string,
): Promise<PushLatencies> {
  const caller = await HttpCaller.open(ports[0] ?? 0);
  let receive: (process: number) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const opening = ports.map((port, process) =>
    AudienceSocket.open({
      port,
      account,
      onReceipt: () => receive(process),
      onFailure: (error) => fail(error),
    }),
  );
  const sockets = await Promise.all(opening);
  const same: number[] = [];
  const other: number[] = [];
  try {
    for (let n = 0; n < spends; n += 1) {
      const asked = performance.now();
      let missing = ports.length;
      const received = new Promise<void>((resolve, reject) => {
        fail = reject;
        receive = (process) => {
          (process === 0 ? same : other).push(performance.now() - asked);
          missing -= 1;
          if (missing === 0) resolve();
        };
      });
      await Promise.all([caller.spend(account, `${key}-${n}`), within(received)]);
    }
  } finally {
    for (const socket of sockets) socket.close();
    caller.close();
  }
  return { sameP50Ms: at(same, 0.5), otherP50Ms: at(other, 0.5), otherP99Ms: at(other, 0.99) };
}

async function within(received: Promise<void>): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    const error = new Error('A spend did not reach every process.');
    late = setTimeout(reject, RECEIVED_WITHIN_MS, error);
  });
  await Promise.race([received, tooLate]).finally(() => clearTimeout(late));
}

function at(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}
