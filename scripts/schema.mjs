// `npm run schema`: prints the GraphQL schema, as the types declare it, into schema.graphql.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBuilt } from './lib/build.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { environmentFor, findNode } from './lib/node.mjs';
import { CannotContinue, main, root, say } from './lib/project.mjs';
import { capture } from './lib/run.mjs';

const PRINT = `
import 'reflect-metadata';
import { composeResolvers } from './dist/app/resolvers.js';
import { buildGraphSchema, printGraphSchema } from './dist/graphql/schema.js';
process.stdout.write(printGraphSchema(await buildGraphSchema(composeResolvers({}))));
`;

await main(async () => {
  await ensureInstalled();
  const node = findNode();
  await ensureBuilt(node);
  const args = ['--input-type=module', '--eval', PRINT];
  const { code, output } = await capture(node, args, { cwd: root, env: environmentFor(node) });
  if (code !== 0) throw new CannotContinue(`the schema could not be printed:\n${output}`);
  await writeFile(join(root, 'schema.graphql'), output);
  say('schema.graphql is written');
  return 0;
});
