/** A promise of the code to itself was broken: a bug, never a client's mistake. */
class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant';
}

/** Stops here when `condition` does not hold. Throws BrokenInvariant. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new BrokenInvariant(message);
}

/** The end of a `switch` over a union: does not compile when a member was forgotten. */
export function assertNever(value: never): never {
  throw new BrokenInvariant(`Unexpected value: ${JSON.stringify(value)}`);
}
