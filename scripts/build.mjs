// `npm run build`: compiles src into dist with what is installed, and installs nothing. For images.
import { ensureBuilt } from './lib/build.mjs';
import { findNode } from './lib/node.mjs';
import { main } from './lib/project.mjs';

await main(async () => {
  await ensureBuilt(findNode());
  return 0;
});
