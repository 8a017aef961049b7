// The difference of two texts by lines (or by any pieces), after E. Myers, "An O(ND) Difference Algorithm and Its
// Variations" (1986). Beyond a bound of edits the rest counts as replaced: a page must not hang on two unlike files.

export interface DiffPiece {
  kind: 'same' | 'removed' | 'added'
  text: string
}

const MOST_EDITS = 2_000

export function diffPieces(before: readonly string[], after: readonly string[], mostEdits = MOST_EDITS): DiffPiece[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1
  let end = 0
  while (end < before.length - start && end < after.length - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1
  const same = (texts: readonly string[]): DiffPiece[] => texts.map((text) => ({ kind: 'same', text }))
  const middle = myers(before.slice(start, before.length - end), after.slice(start, after.length - end), mostEdits)
  return [...same(before.slice(0, start)), ...middle, ...same(before.slice(before.length - end))]
}

export const diffLines = (before: string, after: string): DiffPiece[] => diffPieces(before.split('\n'), after.split('\n'))

/** Words of a command line, quoted ones whole, so that one changed option is one change. */
export const words = (command: string): string[] => command.match(/(?:[^\s"']+|"(?:\\.|[^"])*"|'[^']*')+/g) ?? []

export const diffWords = (before: string, after: string): DiffPiece[] => diffPieces(words(before), words(after))

/** The first piece is at the left edge; pieces far from any change fold to a count. */
export function foldSame(pieces: readonly DiffPiece[], context = 3): (DiffPiece | { kind: 'folded'; count: number })[] {
  const near = new Set<number>()
  pieces.forEach((piece, at) => {
    if (piece.kind !== 'same') for (let other = at - context; other <= at + context; other += 1) near.add(other)
  })
  const shown: (DiffPiece | { kind: 'folded'; count: number })[] = []
  pieces.forEach((piece, at) => {
    const last = shown.at(-1)
    if (near.has(at)) shown.push(piece)
    else if (last?.kind === 'folded') last.count += 1
    else shown.push({ kind: 'folded', count: 1 })
  })
  return shown
}

function myers(before: readonly string[], after: readonly string[], mostEdits: number): DiffPiece[] {
  const replaced: DiffPiece[] = [...before.map((text) => ({ kind: 'removed' as const, text })), ...after.map((text) => ({ kind: 'added' as const, text }))]
  if (before.length === 0 || after.length === 0) return replaced
  const most = Math.min(before.length + after.length, mostEdits)
  const furthest = new Map<number, number>([[1, 0]])
  const trace: Map<number, number>[] = []
  for (let edits = 0; edits <= most; edits += 1) {
    trace.push(new Map(furthest))
    for (let line = -edits; line <= edits; line += 2) {
      const down = line === -edits || (line !== edits && at(furthest, line - 1) < at(furthest, line + 1))
      let x = down ? at(furthest, line + 1) : at(furthest, line - 1) + 1
      while (x < before.length && x - line < after.length && before[x] === after[x - line]) x += 1
      furthest.set(line, x)
      if (x >= before.length && x - line >= after.length) return walkBack(trace, before, after)
    }
  }
  return replaced
}

const at = (furthest: ReadonlyMap<number, number>, line: number): number => furthest.get(line) ?? -1

function walkBack(trace: readonly ReadonlyMap<number, number>[], before: readonly string[], after: readonly string[]): DiffPiece[] {
  const pieces: DiffPiece[] = []
  let x = before.length
  let y = after.length
  for (let edits = trace.length - 1; edits >= 0; edits -= 1) {
    const furthest = trace[edits] as ReadonlyMap<number, number>
    const line = x - y
    const down = line === -edits || (line !== edits && at(furthest, line - 1) < at(furthest, line + 1))
    const from = down ? line + 1 : line - 1
    const fromX = edits === 0 ? 0 : at(furthest, from)
    const fromY = edits === 0 ? 0 : fromX - from
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      x -= 1
      y -= 1
      pieces.push({ kind: 'same', text: before[x] as string })
    }
    if (edits === 0) break
    if (down) pieces.push({ kind: 'added', text: after[fromY] as string })
    else pieces.push({ kind: 'removed', text: before[fromX] as string })
    x = fromX
    y = fromY
  }
  return pieces.reverse()
}
