// `npm start`: from a fresh clone to a running gateway. Installs and compiles when that is needed, then runs
// dist/main.js on the right Node. Arguments are handed on.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { environmentFor, findNode, nodeFlags } from './lib/node.mjs';
import { main, root } from './lib/project.mjs';
import { takeOver } from './lib/run.mjs';

await main(async () => {
  await ensureInstalled();
  const node = findNode();
  await ensureBuilt(node);
  const endWithParent = pathToFileURL(join(root, 'scripts', 'lib', 'end-with-parent.mjs')).href;
  return await takeOver(
    node,
    [
      ...nodeFlags,
      '--import',
      endWithParent,
      join(root, 'dist', 'main.js'),
      ...process.argv.slice(2),
    ],
    {
      env: environmentFor(node),
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      detached: process.platform !== 'win32',
    },
  );
});
