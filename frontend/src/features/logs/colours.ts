// Colours of terminals in our two themes. The 16 named ones are ours, legible on every surface; of the others the hue is
// kept, and as much light is added or taken as a contrast of 4.5:1 asks for (WCAG 2.2, 1.4.3).
import { PALETTES, type ThemeName } from '@/shared/theme/palette'
import type { Colour, TextStyle } from './ansi'

/** Black to white, then the bright ones, in the order of SGR 30 to 37 and 90 to 97. */
export const NAMED: Record<ThemeName, readonly string[]> = {
  light: ['#1a1f27', '#c02626', '#12733f', '#8f5500', '#1f5fd0', '#8a3a9c', '#0a6b78', '#4a5361', '#5f6877', '#b3261e', '#0b6b35', '#7d4e00', '#2a56c6', '#7a2f8f', '#00616e', '#1a1f27'],
  dark: ['#94a0b0', '#ff7b76', '#45c37d', '#e5a83b', '#6ea3ff', '#d99be8', '#4cc4d4', '#e8ebf0', '#a0a9b7', '#ff938e', '#66d996', '#f2c162', '#8ab4ff', '#e6b3f2', '#74dbe8', '#ffffff'],
}

const READABLE = 4.5
const STEP = 0.08

type Rgb = readonly [number, number, number]

const rgbOf = (hex: string): Rgb => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb
const hexOf = (rgb: Rgb): string => `#${rgb.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`

function luminance(rgb: Rgb): number {
  const [red, green, blue] = rgb.map((value) => {
    const part = value / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as unknown as Rgb
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

export function contrast(one: string, other: string): number {
  const [darker, lighter] = [luminance(rgbOf(one)), luminance(rgbOf(other))].sort((a, b) => a - b) as [number, number]
  return (lighter + 0.05) / (darker + 0.05)
}

/** A colour of xterm's 256, or any other, as a hexadecimal one of this theme. */
export function resolve(colour: Colour, theme: ThemeName): string {
  if (typeof colour === 'string') return colour
  if (colour < 16) return NAMED[theme][colour] as string
  if (colour >= 232) return hexOf([0, 0, 0].map(() => 8 + (colour - 232) * 10) as unknown as Rgb)
  const place = colour - 16
  const level = (part: number): number => (part === 0 ? 0 : 55 + part * 40)
  return hexOf([level(Math.floor(place / 36)), level(Math.floor(place / 6) % 6), level(place % 6)])
}

/** The colour itself where it is legible on the background, else one of its hue that is. */
export function legible(colour: string, background: string): string {
  const towards: Rgb = luminance(rgbOf(background)) > 0.18 ? [0, 0, 0] : [255, 255, 255]
  const own = rgbOf(colour)
  for (let share = 0; share <= 1; share += STEP) {
    const mixed = hexOf(own.map((value, at) => value + ((towards[at] as number) - value) * share) as unknown as Rgb)
    if (contrast(mixed, background) >= READABLE) return mixed
  }
  return hexOf(towards)
}

/** The CSS of a piece of a line; nothing for plain text. */
export function cssOf(style: TextStyle, theme: ThemeName): Record<string, string> | undefined {
  const key = `${theme}${JSON.stringify(style)}`
  const known = made.get(key)
  if (known !== undefined) return known ?? undefined
  const css = make(style, theme)
  if (made.size > MOST_MADE) made.clear()
  made.set(key, css)
  return css ?? undefined
}

// A log has a handful of styles and a million lines.
const MOST_MADE = 2_000
const made = new Map<string, Record<string, string> | null>()

function make(style: TextStyle, theme: ThemeName): Record<string, string> | null {
  const { surface, text } = PALETTES[theme]
  const [fg, bg] = style.inverse ? [style.bg ?? surface, style.fg ?? text] : [style.fg, style.bg]
  const behind = bg === undefined ? surface : resolve(bg, theme)
  const css: Record<string, string> = {}
  if (bg !== undefined) css.backgroundColor = behind
  if (fg !== undefined || bg !== undefined) css.color = legible(resolve(fg ?? text, theme), behind)
  else if (style.dim) css.color = PALETTES[theme].textFaint
  if (style.bold) css.fontWeight = '600'
  if (style.italic) css.fontStyle = 'italic'
  if (style.underline || style.strike) css.textDecoration = [style.underline ? 'underline' : '', style.strike ? 'line-through' : ''].join(' ').trim()
  return Object.keys(css).length > 0 ? css : null
}
