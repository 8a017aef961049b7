// What an inspection of a host found, as the dialog lays it out. Pure.
import type { components } from '@/api/schema.gen'
import type { PackageRow } from '@/features/diff'

export type DriftItem = components['schemas']['DriftItem']
export type DriftReport = components['schemas']['DriftReport']
export type Severity = DriftItem['severity']

const GRAVEST_FIRST: readonly Severity[] = ['blocker', 'warning', 'info']
/** Kinds whose two sides say all: they are shown side by side. */
const SIDES = new Set<DriftItem['kind']>(['branch', 'python', 'cuda', 'driver', 'gpu', 'system'])
const SHA = 8

export interface DriftGroup {
  severity: Severity
  /** All but packages, of which there may be hundreds. */
  items: DriftItem[]
  packages: PackageRow[]
}

/** By severity; packages apart. Severities of which there is nothing are left out. */
export function groupsOf(items: readonly DriftItem[]): DriftGroup[] {
  return GRAVEST_FIRST.map((severity) => {
    const mine = items.filter((item) => item.severity === severity)
    return { severity, items: mine.filter((item) => !isPackage(item)), packages: mine.filter(isPackage).map(asRow) }
  }).filter((group) => group.items.length + group.packages.length > 0)
}

/** Whether a person is to say that it may run all the same. */
export const isGrave = (items: readonly DriftItem[]): boolean => items.some(({ severity }) => severity !== 'info')

export const hasSides = (item: DriftItem): boolean => SIDES.has(item.kind) && item.change === 'changed'

export const shortSha = (sha: string | null): string => (sha ?? '').slice(0, SHA)

export interface PackageCounts {
  changed: number
  removed: number
  added: number
}

export function countsOf(rows: readonly PackageRow[]): PackageCounts {
  const of = (change: PackageRow['change']): number => rows.filter((row) => row.change === change).length
  return { changed: of('changed'), removed: of('removed'), added: of('added') }
}

const isPackage = (item: DriftItem): boolean => item.kind === 'package' && item.change !== 'unknown'

const asRow = (item: DriftItem): PackageRow => ({
  name: item.name,
  versions: [item.recorded, item.found],
  change: item.change === 'unknown' ? 'changed' : item.change,
})
