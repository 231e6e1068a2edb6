import { inspect } from 'node:util';

const CENSOR = '[redacted]';

/** Secrets that are known by their shape. What finds a thing without giving it away, such as a key's prefix, stays. */
const SHAPES: readonly (readonly [shape: RegExp, shown: string])[] = [
  [/\b(tg_[a-z]+_[A-Za-z0-9]{12})_[A-Za-z0-9]{8,}/g, `$1_${CENSOR}`],
  [/\bBearer\s+[^\s"\\]+/gi, `Bearer ${CENSOR}`],
  [/\b((?:sk|rk)_(?:live|test))_\w+/g, `$1_${CENSOR}`],
  [/\bwhsec_[\w+/=-]+/g, `whsec_${CENSOR}`],
  [/\bcreem_(?:test_)?[A-Za-z0-9]{8,}\b/g, `creem_${CENSOR}`],
  [/\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g, CENSOR],
  [/\b([a-z]+_[A-Za-z0-9]+)_secret_\w+/g, `$1_secret_${CENSOR}`],
  [/\bv[01][=,](?:[0-9a-f]{64}|[A-Za-z0-9+/]{43}=)/gi, CENSOR],
  [/(:\/\/[^\s/@:"]*):[^\s/@"]+@/g, `$1:${CENSOR}@`],
  [/\b((?:billing|checkout)\.stripe\.com)\/[^\s"\\]+/g, `$1/${CENSOR}`],
];

/** Looks like a card's number; whether it is one, its last digit tells. */
const CARD = /\b[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}\b/g;

/** Takes out of a line of the log what must not stand there: these secrets, and whatever has the shape of one. */
export function redactionOf(secrets: readonly string[]): (line: string) => string {
  const known = secrets.map((secret) => JSON.stringify(secret).slice(1, -1));
  return (line) => {
    let shown = line;
    for (const secret of known) shown = shown.replaceAll(secret, CENSOR);
    for (const [shape, censored] of SHAPES) shown = shown.replace(shape, censored);
    return shown.replace(CARD, (digits) => (isCardNumber(digits) ? CENSOR : digits));
  };
}

const DEEPEST_CAUSE = 4;
const MOST_ERRORS = 5;

/**
 * An error as it is logged: what it is, what it says, where, and because of what. Whatever else hangs on it stays out:
 * requests and answers of providers, and the values that a statement had.
 */
export function describeError(error: unknown, depth = 0): object {
  if (!(error instanceof Error))
    return { type: typeof error, message: inspect(error, { depth: 1 }) };
  const { code, constraint, requestId } = error as {
    code?: unknown;
    constraint?: unknown;
    requestId?: unknown;
  };
  const below = depth < DEEPEST_CAUSE;
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...namesOf({ code, constraint, requestId }),
    ...(below && error.cause !== undefined ? { cause: describeError(error.cause, depth + 1) } : {}),
    ...(below && error instanceof AggregateError
      ? { errors: error.errors.slice(0, MOST_ERRORS).map((part) => describeError(part, depth + 1)) }
      : {}),
  };
}

function namesOf(names: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(names).filter(
      ([, name]) => typeof name === 'string' || typeof name === 'number',
    ),
  );
}

/** By Luhn's sum. */
function isCardNumber(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  let sum = 0;
  for (let place = 0; place < digits.length; place += 1) {
    const digit = Number(digits[digits.length - 1 - place]);
    const weighed = place % 2 === 1 ? digit * 2 : digit;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return digits.length >= 13 && digits.length <= 19 && sum % 10 === 0;
}
