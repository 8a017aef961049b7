// Colours for numbers, made of the palette's: a ramp from low to high, and one with a middle for differences. Pure.
import { PALETTES, SERIES, type ThemeName } from '@/shared/theme'

const parts = (hex: string): [number, number, number] => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number]

export function mix(from: string, to: string, share: number): string {
  const [a, b] = [parts(from), parts(to)]
  return `#${a.map((one, at) => Math.round(one + ((b[at] as number) - one) * share).toString(16).padStart(2, '0')).join('')}`
}

function along(stops: readonly string[], share: number): string {
  const place = Math.max(0, Math.min(1, share)) * (stops.length - 1)
  const at = Math.min(stops.length - 2, Math.floor(place))
  return mix(stops[at] as string, stops[at + 1] as string, place - at)
}

/** Violet over blue and green to gold: told apart by those who see red and green alike. */
export function rampStops(theme: ThemeName): string[] {
  const colours = SERIES[theme]
  return [6, 0, 2, 4].map((at) => colours[at] as string)
}

/** From 0 (low) to 1 (high). */
export const ramp = (theme: ThemeName, share: number): string => along(rampStops(theme), share)

/** From -1 over 0 (nothing) to 1: orange over the surface to blue. */
export function diverging(theme: ThemeName, share: number): string {
  const end = SERIES[theme][share < 0 ? 1 : 0] as string
  return mix(PALETTES[theme].surface, end, Math.min(1, Math.abs(share)))
}

/** Where a value lies between the least and the most, 0 to 1; 0.5 where all are the same. */
export function shareOf(values: readonly (number | null)[], isLog = false): (value: number) => number {
  const there = values.filter((value): value is number => value !== null && (!isLog || value > 0)).map((value) => (isLog ? Math.log(value) : value))
  const [low, high] = [Math.min(...there), Math.max(...there)]
  return (value) => (high > low ? ((isLog ? Math.log(value) : value) - low) / (high - low) : 0.5)
}
