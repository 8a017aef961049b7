// A colour for a name that is the same on every page and after every reload.
import { SERIES, type ThemeName } from '@/shared/theme'

/** FNV-1a over UTF-16 units: short, and spreads similar ids well. */
export function hash(text: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return value >>> 0
}

/**
 * A colour for each id: the one that its name hashes to, or the next free one when a neighbour has it already.
 * Ids beyond the number of colours share them.
 */
export function coloursOf(ids: readonly string[], theme: ThemeName): Map<string, string> {
  const colours = SERIES[theme]
  const taken = new Set<number>()
  const assigned = new Map<string, string>()
  for (const id of [...new Set(ids)].sort()) {
    if (taken.size === colours.length) taken.clear()
    let place = hash(id) % colours.length
    while (taken.has(place)) place = (place + 1) % colours.length
    taken.add(place)
    assigned.set(id, colours[place] as string)
  }
  return assigned
}

const PATTERNS = [undefined, true, 'dotted'] as const

/**
 * The colour that each id hashes to, the same on every page whatever stands beside it. Ids of one chart that hash to the same
 * colour are told apart by their dashes.
 */
export function stylesOf(ids: readonly string[], theme: ThemeName): Map<string, { colour: string; dashed: (typeof PATTERNS)[number] }> {
  const colours = SERIES[theme]
  const used = new Map<number, number>()
  const styles = new Map<string, { colour: string; dashed: (typeof PATTERNS)[number] }>()
  for (const id of [...new Set(ids)].sort()) {
    const place = hash(id) % colours.length
    const before = used.get(place) ?? 0
    used.set(place, before + 1)
    styles.set(id, { colour: colours[place] as string, dashed: PATTERNS[before % PATTERNS.length] })
  }
  return styles
}

/** Colours for a few named lines: by place, so that neighbours always differ. */
export function colourAt(index: number, theme: ThemeName): string {
  const colours = SERIES[theme]
  return colours[index % colours.length] as string
}
