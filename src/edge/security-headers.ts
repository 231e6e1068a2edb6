import helmet, { type FastifyHelmetOptions } from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

const ONE_YEAR_S = 31_536_000;

/** What every answer tells browsers: it is data, to be shown, framed and guessed at by nobody. */
const HEADERS: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"] },
  },
  // Browsers heed it over HTTPS only.
  strictTransportSecurity: { maxAge: ONE_YEAR_S, includeSubDomains: false },
  referrerPolicy: { policy: 'no-referrer' },
  xFrameOptions: { action: 'deny' },
  // Who may read an answer is said by CORS; here it concerns embedding.
  crossOriginResourcePolicy: { policy: 'same-origin' },
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
};

/** GraphiQL is one page with its scripts in it, and asks and listens at its own origin. */
export const GRAPHIQL_HEADERS: FastifyHelmetOptions = {
  ...HEADERS,
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'", "'unsafe-inline'", 'data:', 'blob:'],
      connectSrc: ["'self'", 'ws:', 'wss:'],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      objectSrc: ["'none'"],
    },
  },
};

/** Puts the headers on whatever this server answers, errors included. */
export async function addSecurityHeaders(server: FastifyInstance): Promise<void> {
  await server.register(helmet, HEADERS);
}
