/**
 * Assertions state what the program relies on. They are always on: a process that broke its own invariant
 * stops, because whatever it did next could reach a disk or a peer. They are never for input: what a peer,
 * a file or a person can get wrong is a ClusterError or a result value.
 */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** For the branch that the types say cannot be reached: a new member of a union then fails to compile. */
export function unreachable(value: never, what: string): never {
  const shown = JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part));
  throw new AssertionError(`${what}: unexpected ${shown}`);
}

/** The value, where the caller knows that it is there and the type cannot say so. */
export function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new AssertionError(`${what} is missing`);
  return value;
}
