// `npm run test:chaos`: see docs/outages.md.
import { parseArgs } from 'node:util';
import { runChaos } from './run.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    kills: { type: 'string', default: '100' },
    round: { type: 'string', default: '5' },
    minutes: { type: 'string', default: '10' },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const say = (line: string) => void process.stdout.write(`${line}\n`);
say(`seed ${seed}: the same plan comes again with "npm run test:chaos -- --seed ${seed}"`);
const figures = await runChaos({
  seed,
  kills: Number(values.kills),
  killsInARound: Number(values.round),
  minutes: Number(values.minutes),
  say,
});
const { faults, kills, ...rest } = figures;
for (const fault of faults) say(`FAULT ${fault}`);
const count = kills.gateway + kills.postgres;
say(
  `${count} of ${values.kills} kills, ${faults.length} faults: ${JSON.stringify({ ...kills, ...rest })}`,
);
process.exitCode = faults.length === 0 && count > 0 ? 0 : 1;
