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

/** Colours for a few named lines: by place, so that neighbours always differ. */
export function colourAt(index: number, theme: ThemeName): string {
  const colours = SERIES[theme]
  return colours[index % colours.length] as string
}
