// What two columns have to do with each other, and which points nothing beats. Pure.

export type Pair = readonly [x: number, y: number]

/** Pearson's r: null with fewer than three pairs, or where one side never changes. */
export function pearson(pairs: readonly Pair[]): number | null {
  const n = pairs.length
  if (n < 3) return null
  const [mx, my] = [0, 1].map((side) => pairs.reduce((sum, pair) => sum + (pair[side] as number), 0) / n) as [number, number]
  let [xy, xx, yy] = [0, 0, 0]
  for (const [x, y] of pairs) {
    xy += (x - mx) * (y - my)
    xx += (x - mx) ** 2
    yy += (y - my) ** 2
  }
  return xx > 0 && yy > 0 ? Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy))) : null
}

/** Places from 1 on, equal values sharing the mean of theirs. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((value, at) => [value, at] as const).sort((a, b) => a[0] - b[0])
  const found = new Array<number>(values.length).fill(0)
  for (let begin = 0; begin < order.length; ) {
    let end = begin
    while (end < order.length && order[end]?.[0] === order[begin]?.[0]) end += 1
    for (let place = begin; place < end; place += 1) found[(order[place] as readonly [number, number])[1]] = (begin + end + 1) / 2
    begin = end
  }
  return found
}

/** Spearman's rho: Pearson's r of the ranks, so that any rising curve counts as 1. */
export function spearman(pairs: readonly Pair[]): number | null {
  const [xs, ys] = [ranks(pairs.map(([x]) => x)), ranks(pairs.map(([, y]) => y))]
  return pearson(xs.map((x, at) => [x, ys[at] as number] as const))
}

export type Aim = 'min' | 'max'

/** The places of those pairs that no other beats in one aim without losing in the other, by x. */
export function paretoFront(pairs: readonly Pair[], aims: readonly [Aim, Aim]): number[] {
  const [sx, sy] = aims.map((aim) => (aim === 'min' ? 1 : -1)) as [number, number]
  const order = pairs.map(([x, y], at) => ({ x: sx * x, y: sy * y, at })).sort((a, b) => a.x - b.x || a.y - b.y)
  const front: number[] = []
  let least = Infinity
  for (const { y, at } of order) {
    if (y >= least) continue
    least = y
    front.push(at)
  }
  return front.sort((a, b) => (pairs[a] as Pair)[0] - (pairs[b] as Pair)[0])
}
