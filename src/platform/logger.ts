import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import { describeError, redactionOf } from './log-redaction.ts';

export type Logger = PinoLogger;

interface LoggerOptions {
  /** What must not stand in any line, beside everything that looks like a secret. */
  readonly secrets?: readonly string[];
  /** Standard output when not given. */
  readonly destination?: DestinationStream;
}

/** Structured logs on standard output, one line each. Credentials and provider secrets never get in. */
export function createLogger(level: string, options: LoggerOptions = {}): Logger {
  const settings = {
    level,
    base: null,
    serializers: { err: describeError, cause: describeError },
    hooks: { streamWrite: redactionOf(options.secrets ?? []) },
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
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
