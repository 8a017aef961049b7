// Which curves stand in which small chart: train and validation of the same thing together, the rest alone.

export interface CurveGroup {
  title: string
  names: string[]
}

const SIDE = /^(train|val|valid|validation|test|eval)[_/.-]?/i

/** `train_loss` and `val_loss` share the stem `loss`; `lr` is its own. */
export function stemOf(name: string): string {
  return name.replace(SIDE, '') || name
}

export function groupCurves(names: readonly string[]): CurveGroup[] {
  const groups = new Map<string, string[]>()
  for (const name of names) {
    const stem = stemOf(name).toLowerCase()
    groups.set(stem, [...(groups.get(stem) ?? []), name])
  }
  const rank = (stem: string): number => (stem === 'loss' ? 0 : stem.includes('loss') ? 1 : stem === 'lr' ? 3 : 2)
  return [...groups.entries()]
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
    .map(([stem, members]) => ({ title: members.length > 1 ? stem : (members[0] as string), names: members.sort() }))
}
