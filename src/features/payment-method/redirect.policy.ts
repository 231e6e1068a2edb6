import { InvalidInput } from '../../platform/errors.ts';

/** Where a customer may be sent back to. */
export interface RedirectRule {
  /** Exact origins, such as https://app.example.com. */
  readonly origins: readonly string[];
  /** Any port of this machine itself, over http or https: for development. */
  readonly allowLoopback: boolean;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const LONGEST_URL = 2_000;

/** Stripe fills this in, in its own spelling only; a URL's path would spell its braces otherwise. */
const TEMPLATE = '{CHECKOUT_SESSION_ID}';

/**
 * Lets a URL through when its parsed origin is on the list, and answers with its text as parsed: what a browser would make
 * of another spelling is what was checked. Throws InvalidInput for another scheme or origin, a name or password in the
 * URL, or one that is too long.
 */
export function checkRedirect(field: string, url: URL, rule: RedirectRule): string {
  const text = url.href.replaceAll(encodeURI(TEMPLATE), TEMPLATE);
  if (text.length > LONGEST_URL)
    throw new InvalidInput(field, `is longer than ${LONGEST_URL} characters.`);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new InvalidInput(field, 'must be an http or https URL.');
  if (url.username !== '' || url.password !== '')
    throw new InvalidInput(field, 'must not contain a user name or password.');
  const isLoopback = rule.allowLoopback && LOOPBACK.has(url.hostname);
  if (!isLoopback && !rule.origins.includes(url.origin)) {
    throw new InvalidInput(field, `leads to ${url.origin}, which is not in REDIRECT_ORIGINS.`);
  }
  return text;
}
