// Packages of several environments side by side, from lines as `pip freeze` prints them.

export interface PackageRow {
  name: string
  /** One version per side; null where the side lacks the package. */
  versions: readonly (string | null)[]
  /** For two sides: what happened from the first to the second. */
  change: 'added' | 'removed' | 'changed' | 'same'
}

const PINNED = /^([A-Za-z0-9._-]+)\s*===?\s*(.+)$/
const FROM_ADDRESS = /^([A-Za-z0-9._-]+)\s*@\s*(.+)$/
const EDITABLE = /^-e\s+.*?(?:[#&]egg=|\/)([A-Za-z0-9._-]+)$/

/** Names are equal whatever their case and punctuation (PEP 503). */
const plain = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-')

export function parsePackage(line: string): { name: string; version: string } | null {
  const text = line.trim()
  if (text === '' || text.startsWith('#')) return null
  const pinned = PINNED.exec(text) ?? FROM_ADDRESS.exec(text)
  if (pinned?.[1] !== undefined && pinned[2] !== undefined) return { name: plain(pinned[1]), version: pinned[2].trim() }
  const editable = EDITABLE.exec(text)
  return editable?.[1] === undefined ? { name: text, version: '' } : { name: plain(editable[1]), version: text }
}

export function packageRows(sides: readonly (readonly string[])[]): PackageRow[] {
  const maps = sides.map((lines) => new Map(lines.flatMap((line) => {
    const found = parsePackage(line)
    return found ? [[found.name, found.version] as const] : []
  })))
  const names = [...new Set(maps.flatMap((side) => [...side.keys()]))].sort()
  return names.map((name) => {
    const versions = maps.map((side) => side.get(name) ?? null)
    return { name, versions, change: changeOf(versions) }
  })
}

/** Only the packages in which the sides differ. */
export const diffPackages = (...sides: readonly (readonly string[])[]): PackageRow[] => packageRows(sides).filter((row) => row.change !== 'same')

function changeOf(versions: readonly (string | null)[]): PackageRow['change'] {
  if (new Set(versions).size <= 1) return 'same'
  if (versions.every((version) => version !== null)) return 'changed'
  if (versions.length !== 2) return 'changed'
  return versions[0] === null ? 'added' : 'removed'
}
