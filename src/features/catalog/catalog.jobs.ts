import { idIn, type Tasks } from '../../jobs/task.ts';
import type { CatalogService } from './catalog.service.ts';
import { TELL_PROVIDER_OF_PLAN } from './plan-wording.model.ts';

/** The jobs of the catalogue. */
export function catalogJobs(catalog: CatalogService): Tasks {
  return {
    [TELL_PROVIDER_OF_PLAN]: (payload) => catalog.tellProvidersOf(idIn(payload)),
  };
}
