// `npm run bench:NAME`: runs bench/NAME.ts on the right Node, after installing and compiling when that is needed.
// `npm run bench`: all of them, one after the other.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './lib/build.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { environmentFor, findNode } from './lib/node.mjs';
import { main, root, say } from './lib/project.mjs';
import { takeOver } from './lib/run.mjs';

/** In the order in which they are run; what some race against is installed apart from what Tollgate needs. */
const BENCHES = {
  spend: {},
  usage: {},
  sockets: {},
  processes: {},
  growth: {},
  push: { rivals: true },
  read: { rivals: true },
  floor: { rivals: true },
  webhooks: { rivals: true },
};

await main(async () => {
  await ensureInstalled();
  const node = findNode();
  await ensureBuilt(node);
  const [asked, ...args] = process.argv.slice(2);
  const names = asked === undefined ? Object.keys(BENCHES) : [asked];
  if (names.some((name) => BENCHES[name]?.rivals)) await ensureInstalled(join(root, 'bench', 'rivals'));
  const stages = await mkdtemp(join(tmpdir(), 'tollgate-stages-'));
  try {
    return await runAll(names, args, node, { ...environmentFor(node), BENCH_STAGES: stages });
  } finally {
    // A PostgreSQL that was cut off may be writing still.
    await rm(stages, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
});

/** One after the other; answers the code of the first one that fails, or 0. */
async function runAll(names, args, node, env) {
  for (const name of names) {
    const program = join(root, 'bench', `${name}.ts`);
    const begin = performance.now();
    const code = await takeOver(node, [program, ...args], { cwd: root, env });
    if (code !== 0) return code;
    say(`${name} took ${Math.round((performance.now() - begin) / 1_000)} s`);
  }
  return 0;
}
