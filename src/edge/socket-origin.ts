import type { IncomingMessage } from 'node:http';

/**
 * Whether a socket may be opened by who wants to. Browsers say which page asks, and are let in from the gateway's own pages
 * and the origins that were allowed; programs say nothing of the kind, and come with a key of their own.
 */
export function mayOpenSocket(
  { headers: { origin, host } }: IncomingMessage,
  allowedOrigins: readonly string[],
): boolean {
  if (origin === undefined || allowedOrigins.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
