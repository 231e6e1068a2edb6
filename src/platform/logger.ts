import { type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

/** Structured logs on standard output. Credentials and provider secrets never get in: see the redacted paths. */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: null,
    redact: {
      paths: [
        'authorization',
        '*.authorization',
        'headers.authorization',
        'req.headers.authorization',
        '*.secret',
        '*.password',
        '*.clientSecret',
      ],
      censor: '[redacted]',
    },
  });
}
