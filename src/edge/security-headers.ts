declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * A route whose good answers no browser can come by: only its refusals tell browsers anything, and it adds that itself.
     * What browsers are told costs a twentieth of what taking a webhook in does.
     */
    readonly isForMachines?: true;
  }
}

/**
 * What every answer tells browsers: it is data, to be shown, framed, guessed at and kept by nobody. A table rather than a
 * plugin: putting these together anew cost a tenth of what a spend costs.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  'cross-origin-opener-policy': 'same-origin',
  // Who may read an answer is said by CORS; here it concerns embedding.
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  // Browsers heed it over HTTPS only.
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** GraphiQL is one page with its scripts in it, and asks and listens at its own origin. */
export const GRAPHIQL_POLICY = [
  "default-src 'self' 'unsafe-inline' data: blob:",
  "connect-src 'self' ws: wss:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "object-src 'none'",
].join('; ');
