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

export interface CurveSection {
  /** The prefix that its metrics share; empty for the rest. */
  prefix: string
  names: string[]
}

const PREFIX = /^([^/]+)\/|^(train|val|valid|validation|test|eval|sys|system|gpu)[_.-]/i

/** The part of a name before its first slash, or one of the well-known beginnings; empty when it has neither. */
export function prefixOf(name: string): string {
  const found = PREFIX.exec(name)
  return found?.[1] ?? found?.[2]?.toLowerCase() ?? ''
}

/** All metrics by prefix: training first, then validation, what has no prefix last. */
export function sectionsByPrefix(names: readonly string[]): CurveSection[] {
  const sections = new Map<string, string[]>()
  for (const name of [...names].sort((a, b) => a.localeCompare(b))) sections.set(prefixOf(name), [...(sections.get(prefixOf(name)) ?? []), name])
  const rank = (prefix: string): number => (prefix === '' ? 3 : prefix === 'train' ? 0 : /^val/.test(prefix) ? 1 : 2)
  return [...sections].map(([prefix, members]) => ({ prefix, names: members })).sort((a, b) => rank(a.prefix) - rank(b.prefix) || a.prefix.localeCompare(b.prefix))
}
