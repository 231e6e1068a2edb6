import DataLoader from 'dataloader';
import type { Plan } from './catalog.model.ts';
import type { CatalogService } from './catalog.service.ts';

/** Plans by id, sold or not. */
export function planLoader(catalog: CatalogService): DataLoader<string, Plan | null> {
  return new DataLoader(async (ids) => {
    const found = new Map((await catalog.plansByIds(ids)).map((plan) => [plan.id, plan]));
    return ids.map((id) => found.get(id) ?? null);
  });
}
