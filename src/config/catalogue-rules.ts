import type { PlanPrice } from '../features/catalog/catalog.model.ts';
import type { CatalogueDraft, PlanDraft } from './catalogue-schema.ts';
import type { Mistakes } from './mistakes.ts';
import { suggest } from './suggestion.ts';

/** Adds what is wrong between the fields of a catalogue whose fields are right by themselves. */
export function checkCatalogue(draft: CatalogueDraft, mistakes: Mistakes): void {
  checkMetrics(draft, mistakes);
  checkPlans(draft, mistakes);
  checkDefaultPlan(draft, mistakes);
  checkCredits(draft, mistakes);
  checkLifecycle(draft, mistakes);
  checkCheckIn(draft, mistakes);
}

const METRIC_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

function checkMetrics(draft: CatalogueDraft, mistakes: Mistakes): void {
  for (const name of Object.keys(draft.metrics)) {
    if (!METRIC_NAME.test(name)) {
      const rule = 'begin with a letter; then letters, digits, ".", "_" and "-"; at most 64';
      mistakes.add(`metrics[${JSON.stringify(name)}]`, `is not the name of a metric; ${rule}.`);
    }
  }
}

function checkPlans(draft: CatalogueDraft, mistakes: Mistakes): void {
  const { plans } = draft;
  if (plans.length === 0) mistakes.add('plans', 'is empty; give at least the free default plan.');
  checkUnique(plans, 'plans', (plan) => ({ slug: plan.slug }), mistakes);
  checkUnique(plans, 'plans', priceIdsOf, mistakes);
  plans.forEach((plan, index) => {
    checkPlan(plan, `plans[${index}]`, draft, mistakes);
  });
}

function checkPlan(plan: PlanDraft, path: string, draft: CatalogueDraft, mistakes: Mistakes): void {
  for (const metric of Object.keys(plan.limits)) {
    checkMetric(metric, `${path}.limits.${metric}`, draft, mistakes);
  }
  for (const interval of ['monthly', 'yearly'] as const) {
    const id = `${interval}PriceId` as const;
    if (plan.stripe[id] !== null && plan[interval] === null) {
      const remedy = `give "${interval}" an amount or leave the id out`;
      mistakes.add(
        `${path}.stripe.${id}`,
        `is given, but the plan has no ${interval} price; ${remedy}.`,
      );
    }
  }
}

function checkDefaultPlan({ plans }: CatalogueDraft, mistakes: Mistakes): void {
  const marked = plans.flatMap((plan, index) => (plan.default ? [{ plan, index }] : []));
  const [first, ...others] = marked;
  if (first === undefined && plans.length > 0) {
    const remedy = 'mark the free plan that new accounts start on';
    mistakes.add('plans', `no plan has "default": true; ${remedy}.`);
  }
  for (const { index } of others) {
    const where = `plans[${first?.index ?? 0}]`;
    mistakes.add(`plans[${index}].default`, `${where} is the default plan already; keep one.`);
  }
  for (const { plan, index } of marked) {
    if (!isFree(plan)) {
      const remedy = 'set "monthly" to 0 and leave "yearly" out';
      mistakes.add(`plans[${index}].default`, `the default plan must be free; ${remedy}.`);
    }
  }
}

function checkCredits({ credits }: CatalogueDraft, mistakes: Mistakes): void {
  if (credits.minimum.amountMinor > credits.maximum.amountMinor) {
    mistakes.add('credits.minimum', 'is above credits.maximum; make it that or less.');
  }
  if (credits.minimum.amountMinor === 0n) {
    mistakes.add('credits.minimum', 'is 0; give the smallest amount that may be paid at once.');
  }
  credits.packages.forEach((item, index) => {
    const path = `credits.packages[${index}]`;
    if ((item.slug === null) === (item.id === null)) {
      mistakes.add(path, 'give the package either a "slug" or an "id".');
    }
    if (item.credits === 0n) mistakes.add(`${path}.credits`, 'is 0; give what the package holds.');
    if (item.price.amountMinor === 0n) mistakes.add(`${path}.price`, 'is 0; give what it costs.');
  });
  checkUnique(
    credits.packages,
    'credits.packages',
    ({ slug, id }) => ({ slug: slug ?? id }),
    mistakes,
  );
}

function checkLifecycle(draft: CatalogueDraft, mistakes: Mistakes): void {
  const { mode, plan, trial } = draft.lifecycle;
  if (plan !== null) checkLifecyclePlan(plan, draft, mistakes);
  else if (mode === 'TRIAL') {
    mistakes.add(
      'lifecycle.plan',
      'is missing; give the slug of the plan that the trial leads to.',
    );
  }
  if (trial !== null) checkMetric(trial.metric, 'lifecycle.trial.metric', draft, mistakes);
  else if (mode === 'TRIAL') {
    const remedy = '{ "days": 30, "metric": "actions", "limit": 1000 }';
    mistakes.add('lifecycle.trial', `is missing; give one such as ${remedy}.`);
  }
}

function checkLifecyclePlan(slug: string, { plans }: CatalogueDraft, mistakes: Mistakes): void {
  const sold = plans.find((plan) => plan.slug === slug);
  if (sold === undefined) {
    const remedy = suggest(
      slug,
      plans.map((plan) => plan.slug),
    );
    mistakes.add('lifecycle.plan', `there is no plan "${slug}"; ${remedy}`);
  } else if (sold.monthly?.kind !== 'FINITE' || isZero(sold.monthly)) {
    const remedy = 'name one that costs a fixed amount above 0 each month';
    mistakes.add('lifecycle.plan', `"${slug}" has no such price; ${remedy}.`);
  }
}

function checkCheckIn({ checkIn }: CatalogueDraft, mistakes: Mistakes): void {
  if (checkIn.enabled && checkIn.credits === 0n) {
    mistakes.add('checkIn.credits', 'is 0; give more, or set "enabled" to false.');
  }
  checkUnique(checkIn.streakBonuses, 'checkIn.streakBonuses', ({ days }) => ({ days }), mistakes);
  checkIn.streakBonuses.forEach(({ credits }, index) => {
    const path = `checkIn.streakBonuses[${index}].credits`;
    if (credits === 0n) mistakes.add(path, 'is 0; give more, or leave the bonus out.');
  });
}

function checkMetric(name: string, path: string, draft: CatalogueDraft, mistakes: Mistakes): void {
  const known = Object.keys(draft.metrics);
  if (known.includes(name)) return;
  const remedy = known.length === 0 ? 'add it to "metrics".' : suggest(name, known);
  mistakes.add(path, `there is no metric "${name}" in "metrics"; ${remedy}`);
}

/** Refuses a value that two items share, whatever key each has it under. */
function checkUnique<Item>(
  items: readonly Item[],
  path: string,
  valuesOf: (item: Item) => Readonly<Record<string, string | number | null>>,
  mistakes: Mistakes,
): void {
  const firstPaths = new Map<string | number, string>();
  items.forEach((item, index) => {
    for (const [key, value] of Object.entries(valuesOf(item))) {
      if (value === null) continue;
      const here = `${path}[${index}].${key}`;
      const first = firstPaths.get(value);
      if (first === undefined) firstPaths.set(value, here);
      else mistakes.add(here, `${JSON.stringify(value)} is taken by ${first}; give another.`);
    }
  });
}

function priceIdsOf({ stripe, creem }: PlanDraft): Record<string, string | null> {
  return {
    'stripe.monthlyPriceId': stripe.monthlyPriceId,
    'stripe.yearlyPriceId': stripe.yearlyPriceId,
    'creem.productId': creem.productId,
  };
}

function isFree(plan: PlanDraft): boolean {
  return isZero(plan.monthly) && (plan.yearly === null || isZero(plan.yearly));
}

function isZero(price: PlanPrice | null): boolean {
  return price?.kind === 'FINITE' && price.money.amountMinor === 0n;
}
