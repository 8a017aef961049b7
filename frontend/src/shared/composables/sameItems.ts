/** For a `computed` that makes a list: where it holds the same as before, it stays the same one, and nothing is drawn anew for it. */
export const sameItems = <T>(before: readonly T[] | undefined, next: readonly T[]): readonly T[] =>
  before?.length === next.length && before.every((item, at) => item === next[at]) ? before : next
