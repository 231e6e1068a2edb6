import { readFile, writeFile } from 'node:fs/promises';

const FILE = new URL('../RESULTS.md', import.meta.url);
const HEAD =
  '# What was measured\n\nWritten by the programs in this folder; each replaces its own section.\n';

/** Replaces the section of one measurement in RESULTS.md, or adds it. */
export async function writeSection(name: string, text: string): Promise<void> {
  const file = await readFile(FILE, 'utf8').catch(() => HEAD);
  const [head = HEAD, ...sections] = file.split(/^## /m);
  const others = sections.filter((section) => !section.startsWith(`${name}\n`));
  const all = [...others, `${name}\n\n${text}`].map((section) => section.trim()).sort();
  const body = all.map((section) => `## ${section}\n`).join('\n');
  await writeFile(FILE, `${head.trimEnd()}\n\n${body}`);
}
