const LONGEST = 500;

const SECRETS: readonly [RegExp, string][] = [
  [/\b(sk|rk|pk|whsec|tg|creem)_\w+/gi, '$1_[redacted]'],
  [/\b(Bearer|Basic)\s+\S+/gi, '$1 [redacted]'],
  [/:\/\/[^\s/@]+@/g, '://[redacted]@'],
];

/** An error as a row may keep it: its message alone, bounded, without what looks like a credential. */
export function errorText(error: unknown): string {
  const message = error instanceof Error && error.message !== '' ? error.message : String(error);
  // A text column takes any character but this one.
  const text = SECRETS.reduce((shown, [secret, word]) => shown.replace(secret, word), message);
  const whole = text.replaceAll('\0', '');
  return whole.length <= LONGEST ? whole : `${whole.slice(0, LONGEST - 1).toWellFormed()}…`;
}
