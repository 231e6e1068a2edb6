import {
  type Catalogue,
  finite,
  type LifecycleSettings,
  type PlanTerms,
} from '../features/catalog/catalog.model.ts';
import { invariant } from '../platform/assert.ts';
import { MICRO } from '../platform/money.ts';
import { checkCatalogue } from './catalogue-rules.ts';
import { type CatalogueDraft, catalogueSchema, type PlanDraft } from './catalogue-schema.ts';
import { type Currency, currencyOf } from './currency.ts';
import { JsonMistake, readJson } from './json-reader.ts';
import type { Mistakes } from './mistakes.ts';

/**
 * Reads the text of a catalogue file; `fileName` is how its mistakes name it. Money becomes minor units, credits and
 * allowances millionths, all exactly. What is wrong is added to `mistakes`, one line each
 * (`config.json: plans[2].monthly: …`); null then.
 */
export function readCatalogue(
  text: string,
  fileName: string,
  mistakes: Mistakes,
): Catalogue | null {
  const json = readText(text, fileName, mistakes);
  if (json === null) return null;
  const inFile = mistakes.inFile(fileName);
  const draft = readDraft(json.content, inFile);
  if (draft === null) return null;
  const before = mistakes.count;
  checkCatalogue(draft, inFile);
  return mistakes.count === before ? catalogueFrom(draft) : null;
}

function readText(text: string, fileName: string, mistakes: Mistakes): { content: unknown } | null {
  try {
    return { content: readJson(text) };
  } catch (error) {
    if (!(error instanceof JsonMistake)) throw error;
    mistakes.add(`${fileName}, line ${error.line}, column ${error.column}`, error.message);
    return null;
  }
}

function readDraft(content: unknown, mistakes: Mistakes): CatalogueDraft | null {
  const result = catalogueSchema(currencyIn(content)).safeParse(content);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      const problems = issue.message.split('\n');
      issue.keys.forEach((key, index) => {
        mistakes.add(pathText([...issue.path, key]), problems[index] ?? issue.message);
      });
    } else mistakes.add(pathText(issue.path), issue.message);
  }
  return null;
}

/** A catalogue without a right currency is refused for that; four digits spare its amounts more complaints. */
const UNKNOWN_CURRENCY: Currency = { code: 'XXX', exponent: 4 };

function currencyIn(content: unknown): Currency {
  const { currency } = (content ?? {}) as { currency?: unknown };
  return (typeof currency === 'string' ? currencyOf(currency) : null) ?? UNKNOWN_CURRENCY;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((step, index) => stepText(step, index === 0)).join('');
}

function stepText(step: PropertyKey, isFirst: boolean): string {
  if (typeof step === 'number') return `[${step}]`;
  const key = String(step);
  if (!/^[\w$-]+$/.test(key)) return `[${JSON.stringify(key)}]`;
  return isFirst ? key : `.${key}`;
}

function catalogueFrom(draft: CatalogueDraft): Catalogue {
  const { credits, checkIn } = draft;
  return {
    currency: draft.currency,
    metrics: Object.entries(draft.metrics).map(([name, kind]) => ({ name, kind })),
    plans: draft.plans.map(planFrom),
    credits: {
      pricePerCreditMicroMinor: credits.pricePerCredit,
      minimum: credits.minimum,
      maximum: credits.maximum,
      packages: credits.packages.map((item, sortOrder) => ({
        slug: item.slug ?? item.id ?? '',
        name: item.name,
        creditsMicro: item.credits,
        bonusCreditsMicro: item.bonusCredits,
        price: item.price,
        sortOrder,
      })),
    },
    lifecycle: lifecycleFrom(draft.lifecycle),
    checkIn: {
      enabled: checkIn.enabled,
      creditsMicro: checkIn.credits,
      streakBonuses: checkIn.streakBonuses
        .map((bonus) => ({ days: bonus.days, creditsMicro: bonus.credits }))
        .sort((one, other) => one.days - other.days),
      expiresAfterDays: checkIn.expiresAfterDays,
    },
  };
}

function planFrom(plan: PlanDraft, sortOrder: number): PlanTerms {
  return {
    slug: plan.slug,
    name: plan.name,
    description: plan.description,
    monthlyPrice: plan.monthly,
    yearlyPrice: plan.yearly,
    monthlyCredits: plan.monthlyCredits,
    rollover: plan.rollover,
    limits: Object.entries(plan.limits).map(([metric, limit]) => ({ metric, ...limit })),
    features: plan.features,
    maxConcurrentAgents: plan.maxConcurrentAgents,
    maxDurationHours: plan.maxDurationHours,
    allowedChannels: plan.allowedChannels,
    canBuyCreditPackages: plan.canBuyCreditPackages,
    trialDays: plan.trialDays,
    isDefault: plan.default,
    sortOrder,
    stripeMonthlyPriceId: plan.stripe.monthlyPriceId,
    stripeYearlyPriceId: plan.stripe.yearlyPriceId,
    creemProductId: plan.creem.productId,
  };
}

function lifecycleFrom(settings: CatalogueDraft['lifecycle']): LifecycleSettings {
  const { mode, plan, trial } = settings;
  if (mode === 'FREE') return { mode, planSlug: plan };
  invariant(plan !== null && trial !== null, 'the rules ask for a plan and a trial');
  return {
    mode,
    planSlug: plan,
    trial: {
      days: trial.days,
      metric: trial.metric,
      limit: finite(BigInt(trial.limit) * MICRO),
    },
    graceDays: settings.graceDays,
    promotionMonths: settings.promotionMonths,
  };
}
