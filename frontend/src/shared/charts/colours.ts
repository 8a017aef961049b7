// A colour for a name that is the same on every page and after every reload.
import { SERIES, type ThemeName } from '@/shared/theme'

/** FNV-1a over UTF-16 units: short, and spreads similar ids well. */
export function hash(text: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return value >>> 0
}

export function colourOf(id: string, theme: ThemeName): string {
  const colours = SERIES[theme]
  return colours[hash(id) % colours.length] as string
}

/** Colours for a few named lines: by place, so that neighbours always differ. */
export function colourAt(index: number, theme: ThemeName): string {
  const colours = SERIES[theme]
  return colours[index % colours.length] as string
}
