import { existsSync } from 'node:fs';

/** The folder with package.json, migrations and the shipped catalogue: above src when tested, above dist when built. */
export const packageRoot: URL = findPackageRoot(new URL('./', import.meta.url));

function findPackageRoot(folder: URL): URL {
  if (existsSync(new URL('package.json', folder))) return folder;
  return findPackageRoot(new URL('../', folder));
}
