import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sparticuz from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

const PACKAGE = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '..');

/** A real browser out of npm packages alone: the libraries it needs come with it, for a machine that has none. */
export async function openBrowser(): Promise<Browser> {
  const folder = await unpackedBrowser();
  // In a single process the browser ends with its first context.
  const args = sparticuz.args.filter((arg) => arg !== '--single-process' && arg !== '--no-zygote');
  const launch = async () =>
    chromium.launch({
      executablePath: join(folder, 'chromium'),
      args: [...args, '--disable-background-networking'],
      env: {
        HOME: folder,
        LD_LIBRARY_PATH: join(folder, 'al2023/lib'),
        FONTCONFIG_FILE: await fontsOf(folder),
      },
    });
  // Now and then it crashes while it starts.
  return await launch().catch(launch);
}

/** The package unpacks into the temporary folder, where two runs at once would find each other's halves: done apart, then moved. */
async function unpackedBrowser(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8'));
  const cache = join(PACKAGE, '../../.cache');
  const folder = join(cache, `chromium-${version}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, 'chromium-'));
  const unpack = `(await import('@sparticuz/chromium')).default.executablePath()`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', `await ${unpack}`], {
    cwd: dirname(fileURLToPath(import.meta.url)),
    // What makes the package bring its libraries too.
    env: { TMPDIR: fresh, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
  });
  await rename(fresh, folder).catch(() => rm(fresh, { recursive: true }));
  return folder;
}

/** The package's own list of fonts names folders of another machine; without a font, a page with an odd sign ends the browser. */
async function fontsOf(folder: string): Promise<string> {
  const file = join(folder, 'fonts.conf');
  const places = [`<dir>${join(folder, 'fonts/fonts')}</dir>`, '<dir>/usr/share/fonts</dir>'];
  const cache = `<cachedir>${join(folder, 'fonts-cache')}</cachedir>`;
  // Another browser may be reading it.
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, `<fontconfig>${places.join('')}${cache}</fontconfig>\n`);
  await rename(fresh, file);
  return file;
}
