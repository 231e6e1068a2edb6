import { randomId } from '../random-id.ts';

/** An answer other than 200, in Creem's words. */
export class CreemProblem extends Error {
  readonly status: number;
  readonly error: string;

  constructor(status: number, error: string, message: string) {
    super(message);
    this.status = status;
    this.error = error;
  }

  /** The body that Creem answers; `timestamp` is in milliseconds. */
  body(timestamp: number) {
    const { status, error, message } = this;
    return { trace_id: randomId('', 16), status, error, message: [message], timestamp };
  }
}

/** 400: the request is wrong. */
export function badRequest(message: string): CreemProblem {
  return new CreemProblem(400, 'Bad Request', message);
}

/** 402: the customer's card was refused. */
export function paymentFailed(message: string): CreemProblem {
  return new CreemProblem(402, 'Payment Required', message);
}

/** 404: there is no such object. */
export function notFound(what: string): CreemProblem {
  return new CreemProblem(404, 'Not Found', `${what} not found`);
}

/** 409: another object has it already. */
export function conflict(message: string): CreemProblem {
  return new CreemProblem(409, 'Conflict', message);
}

/** Refuses what Creem takes and this sandbox does not act on, where leaving it aside would change what is charged. */
export function refuseUnplayed(params: object, names: readonly string[]): void {
  const given = names.find((name) => (params as Record<string, unknown>)[name] !== undefined);
  if (given !== undefined) throw badRequest(`This sandbox does not play the parameter ${given}.`);
}
