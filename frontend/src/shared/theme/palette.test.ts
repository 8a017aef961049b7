import { describe, expect, it } from 'vitest'
import { PALETTES, SERIES, type Palette, type ThemeName } from './palette'

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

const words: (keyof Palette)[] = ['text', 'textSoft', 'textFaint', 'accent', 'running', 'failed', 'stalled', 'waiting', 'finished']
const surfaces: (keyof Palette)[] = ['page', 'surface', 'raised', 'sunken']

describe.each(['light', 'dark'] as ThemeName[])('the %s palette', (name) => {
  const colours = PALETTES[name]

  it.each(words)('lets %s be read on every surface', (word) => {
    for (const surface of surfaces) expect(contrast(colours[word], colours[surface]), surface).toBeGreaterThanOrEqual(4.5)
  })

  it('draws every series with at least 3:1 against the surface', () => {
    for (const line of SERIES[name]) expect(contrast(line, colours.surface), line).toBeGreaterThanOrEqual(3)
  })
})
