/** PostgreSQL's classes of errors that pass: connection, resources, shutdown; and what the network says of it. */
const PASSING_CODE =
  /^(08|53|57P0)|^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
const PASSING_MESSAGE =
  /timeout exceeded when trying to connect|timeout expired|Connection terminated|Client has encountered a connection error|Client was closed and is not queryable|Query read timeout/;
const QUERY_CANCELED = '57014';

/** Whether a failure is the database's absence (or the connection's end), and so says nothing of the statement. */
export function isDatabaseAway(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  const { code, syscall } = cause as { code?: unknown; syscall?: unknown };
  // The socket file of a server on this machine is missing.
  if (code === 'ENOENT') return syscall === 'connect';
  if (typeof code === 'string' && PASSING_CODE.test(code)) return true;
  return PASSING_MESSAGE.test(cause.message) || isDatabaseAway(cause.cause);
}

/** Whether the same request may succeed soon: the database is away, or cut the statement off because it took too long. */
export function isPassing(cause: unknown): boolean {
  return isCutOff(cause) || isDatabaseAway(cause);
}

/** Nothing of a statement that the server cut off was done. */
function isCutOff(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  return (cause as { code?: unknown }).code === QUERY_CANCELED || isCutOff(cause.cause);
}
