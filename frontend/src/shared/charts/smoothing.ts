// Exponential moving average with bias correction (Kingma and Ba, "Adam", 2015, section 3).

export type Point = readonly [number, number | null]

/** `weight` 0 leaves the points as they are; towards 1 the past counts more. Gaps stay gaps. */
export function smooth(points: readonly Point[], weight: number): Point[] {
  if (weight <= 0) return [...points]
  let mean = 0
  let decay = 1
  return points.map(([x, y]) => {
    if (y === null) return [x, null] as const
    mean = weight * mean + (1 - weight) * y
    decay *= weight
    return [x, mean / (1 - decay)] as const
  })
}
