import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readCatalogue } from '../../src/config/catalogue-file.ts';
import { ConfigError, Mistakes } from '../../src/config/mistakes.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import type { Catalogue } from '../../src/features/catalog/catalog.model.ts';

/** The folder of the project, where the shipped config.json lies. */
export const projectFolder = fileURLToPath(new URL('../..', import.meta.url));

/** A step into a JSON document: `['plans', 1, 'slug']`. */
export type Path = readonly (string | number)[];

/** The smallest catalogue in trial mode: a free plan and the one that it leads to. */
export function smallCatalogue(): Record<string, unknown> {
  return {
    currency: 'USD',
    metrics: { actions: 'counter', storage: 'level' },
    plans: [
      { slug: 'free', name: 'Free', monthly: 0, default: true },
      { slug: 'pro', name: 'Pro', monthly: 24, monthlyCredits: 80 },
    ],
    credits: {
      pricePerCredit: 0.25,
      minimum: 5,
      maximum: 500,
      packages: [{ slug: 'small', name: 'Small', credits: 10, price: 3 }],
    },
    lifecycle: { plan: 'pro', trial: { metric: 'actions', limit: 1000 } },
    checkIn: { credits: 1, streakBonuses: [{ days: 7, credits: 3 }] },
  };
}

/** The small catalogue with one place changed; `undefined` takes the place away. */
export function changed(path: Path, value: unknown): Record<string, unknown> {
  const document = smallCatalogue();
  let parent = document;
  for (const step of path.slice(0, -1)) {
    parent[step] ??= {};
    parent = parent[step] as Record<string, unknown>;
  }
  parent[path.at(-1) ?? ''] = value;
  return document;
}

export function read(document: unknown): Catalogue {
  const mistakes = new Mistakes();
  const catalogue = readCatalogue(JSON.stringify(document), 'config.json', mistakes);
  mistakes.refuseIfAny();
  if (catalogue === null) throw new Error('A catalogue without mistakes was not read.');
  return catalogue;
}

/** The lines that a text is refused with. */
export function mistakesOfText(text: string): readonly string[] {
  const mistakes = new Mistakes();
  readCatalogue(text, 'config.json', mistakes);
  return mistakesOf(() => mistakes.refuseIfAny());
}

export function mistakesOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

/** The configuration under these variables alone, beside the shipped catalogue. */
export function configWith(environment: Record<string, string>): Config {
  return loadConfig(environment, projectFolder);
}

export function shippedText(): string {
  return readFileSync(`${projectFolder}/config.json`, 'utf8');
}
