import type { DomainError } from '../platform/errors.ts';

/** How one expected refusal becomes the member of a result union that shows it. */
export interface Refusal<Shown> {
  readonly of: abstract new (...args: never[]) => DomainError;
  readonly show: (error: never) => Shown;
}

/** Ties an error class to the GraphQL class that shows it. */
export function refusal<Thrown extends DomainError, Shown>(
  of: abstract new (...args: never[]) => Thrown,
  show: (error: Thrown) => Shown,
): Refusal<Shown> {
  return { of, show: show as (error: never) => Shown };
}

type ShownBy<Refusals> = Refusals extends readonly Refusal<infer Shown>[] ? Shown : never;

/** The work's outcome, or the refusal that it threw when it is one of these; anything else is thrown on. */
export async function orRefusal<Outcome, const Refusals extends readonly Refusal<unknown>[]>(
  work: Promise<Outcome>,
  refusals: Refusals,
): Promise<Outcome | ShownBy<Refusals>> {
  try {
    return await work;
  } catch (error) {
    const known = refusals.find(({ of }) => error instanceof of);
    if (known === undefined) throw error;
    return known.show(error as never) as ShownBy<Refusals>;
  }
}
