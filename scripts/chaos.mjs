// `npm run test:chaos`: runs test/chaos on the right Node, after installing and compiling when that is needed.
import { join } from 'node:path';
import { ensureBuilt } from './lib/build.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { environmentFor, findNode } from './lib/node.mjs';
import { main, root } from './lib/project.mjs';
import { takeOver } from './lib/run.mjs';

await main(async () => {
  await ensureInstalled();
  const node = findNode();
  await ensureBuilt(node);
  return await takeOver(node, [join(root, 'test', 'chaos', 'main.ts'), ...process.argv.slice(2)], {
    cwd: root,
    env: environmentFor(node),
  });
});
