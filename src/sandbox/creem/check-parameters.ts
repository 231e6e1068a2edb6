import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { badRequest, type CreemProblem } from './creem-problem.ts';
import type { CreemParameters, CreemWire } from './parameters.ts';
import schemas from './schemas.json' with { type: 'json' };

const SCHEMAS: Record<keyof CreemParameters, object> = schemas.endpoints;

/** The format is what the SDK's dates have on the wire. */
const formats = { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/ };
const fromJson = new Ajv({ strict: false, allErrors: true, formats });
/** A query string holds texts only. */
const fromQuery = new Ajv({ coerceTypes: true, strict: false, allErrors: true, formats });
const compiled = new Map<string, ValidateFunction>();

/**
 * Checks parameters against the types of the installed SDK; those of a query string become numbers in place.
 * Throws the 400 that Creem answers.
 */
export function checkParameters(
  endpoint: keyof CreemWire,
  params: unknown,
  origin: 'body' | 'query',
): void {
  const name = `${origin} ${endpoint}`;
  let validate = compiled.get(name);
  if (validate === undefined) {
    validate = (origin === 'query' ? fromQuery : fromJson).compile(SCHEMAS[endpoint]);
    compiled.set(name, validate);
  }
  if (!validate(params)) throw asProblem(validate.errors?.[0]);
}

function asProblem(error: ErrorObject | undefined): CreemProblem {
  const path = (error?.instancePath ?? '').split('/').slice(1).join('.');
  const within = path === '' ? '' : `${path}.`;
  switch (error?.keyword) {
    case 'additionalProperties':
      return badRequest(`property ${within}${error.params.additionalProperty} should not exist`);
    case 'required':
      return badRequest(`${within}${error.params.missingProperty} should not be empty`);
    case 'enum':
      return badRequest(`${path} must be one of: ${error.params.allowedValues.join(', ')}`);
    default:
      return badRequest(`${path === '' ? 'the body' : path} ${error?.message ?? 'is wrong'}`);
  }
}
