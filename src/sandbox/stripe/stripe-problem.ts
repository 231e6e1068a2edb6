/** An answer other than 200, in Stripe's words. */
export class StripeProblem extends Error {
  readonly status: number;
  readonly error: StripeErrorBody;

  constructor(status: number, error: StripeErrorBody) {
    super(error.message);
    this.status = status;
    this.error = error;
  }
}

export interface StripeErrorBody {
  readonly type: 'invalid_request_error' | 'card_error' | 'idempotency_error' | 'api_error';
  readonly message: string;
  readonly code?: string;
  readonly param?: string;
  readonly decline_code?: string;
  readonly payment_intent?: object;
}

/** 400: the request is wrong. */
export function badRequest(
  message: string,
  more: { code?: string; param?: string } = {},
): StripeProblem {
  return new StripeProblem(400, { type: 'invalid_request_error', message, ...more });
}

export function missingParameter(param: string): StripeProblem {
  return badRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
}

/** The object named in the path (404) or in a parameter (400) does not exist. */
export function noSuch(what: string, id: string, param?: string): StripeProblem {
  return new StripeProblem(param === undefined ? 404 : 400, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${what}: '${id}'`,
    param: param ?? 'id',
  });
}

/** 402: the card was refused; with the intent that it was to pay, where there is one. */
export function cardRefused(
  refusal: {
    readonly code: string;
    readonly decline_code?: string;
    readonly message: string;
  },
  intent?: object,
): StripeProblem {
  return new StripeProblem(402, {
    type: 'card_error',
    ...refusal,
    ...(intent === undefined ? {} : { payment_intent: intent }),
  });
}

/**
 * Refuses parameters that Stripe takes and that this sandbox does not act on yet, where leaving them aside would change
 * what is charged or when.
 */
export function refuseUnplayed(params: object, names: readonly string[]): void {
  const given = names.find((name) => (params as Record<string, unknown>)[name] !== undefined);
  if (given === undefined) return;
  throw badRequest(`This sandbox does not play the parameter \`${given}\` here.`, { param: given });
}
