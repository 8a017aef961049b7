// The axes of a chart: lines are painted between them.
import { PALETTES, type ThemeName } from '@/shared/theme'
import { toPixel, type Axis, type Domain, type Rect } from './scale'
import { axisTicks, timeTicks, valueTicks } from './ticks'

export interface FrameSettings {
  theme: ThemeName
  xKind: 'value' | 'time'
  x: Domain
  y: Axis
  rect: Rect
  /** Places on x are whole numbers: no ticks between two of them. */
  whole: boolean
  formatTick: (x: number) => string
  formatY: (y: number) => string
}

const LABEL = 11
const LEAST_LEFT = 44
const RIGHT = 14
const BOTTOM = 24
const GAP = 8
const SPLITS = 4

/** The labels that the value axis will have, as far as its margin must know them. */
export function labelsOf({ from, to, log, interval }: Axis, format: (y: number) => string): string[] {
  if (log) return [format(from), format(to)]
  const step = interval ?? (to - from) / 4
  return Array.from({ length: Math.min(12, Math.round((to - from) / step) + 1) }, (_, at) => format(from + at * step))
}

const widthOf = (label: string): number => [...label].reduce((sum, letter) => sum + (letter.charCodeAt(0) > 0x2e80 ? LABEL : LABEL * 0.58), 0)

/** Where the lines are: the margins hold the labels. */
export function plotRect(width: number, height: number, labels: readonly string[], hasMarks: boolean): Rect {
  const left = Math.min(width / 2, Math.max(LEAST_LEFT, Math.ceil(Math.max(0, ...labels.map(widthOf))) + 14))
  const top = hasMarks ? 18 : 10
  return { left, top, width: Math.max(10, width - left - RIGHT), height: Math.max(10, height - top - BOTTOM) }
}

/** Draws it on a canvas of its own below the lines: axes change with every point that arrives. */
export function paintFrame(context: CanvasRenderingContext2D, settings: FrameSettings): void {
  const palette = PALETTES[settings.theme]
  const { rect, y } = settings
  const bottom = rect.top + rect.height
  context.font = `${LABEL}px sans-serif`
  // Whole pixels, so that lines are sharp and have their own colour.
  const rule = (colour: string, height: number): void => {
    context.fillStyle = colour
    context.fillRect(rect.left, Math.round(height), rect.width, 1)
  }
  const heights = axisTicks(y, SPLITS).map((value) => ({ value, at: toPixel(y, value, bottom, rect.top) }))
  for (const { at } of heights) rule(palette.line, at)
  rule(palette.lineStrong, bottom)
  context.fillStyle = palette.textFaint
  context.textAlign = 'right'
  context.textBaseline = 'middle'
  let free = Infinity
  for (const { value, at } of heights) {
    if (at > free) continue
    context.fillText(settings.formatY(value), rect.left - GAP, at)
    free = at - LABEL - 1
  }
  context.textBaseline = 'top'
  for (const { text, at, align } of labelsAcross(settings, (text) => context.measureText(text).width)) {
    context.textAlign = align
    context.fillText(text, at, bottom + GAP)
  }
}

export interface Label {
  text: string
  at: number
  align: 'left' | 'center' | 'right'
}

/** What stands below the axis: its ends, and what has room between them. */
export function labelsAcross({ rect, x, xKind, whole, formatTick }: FrameSettings, widthOf: (text: string) => number): Label[] {
  const [left, right] = [rect.left, rect.left + rect.width]
  const most = Math.max(2, Math.min(10, Math.round(rect.width / 64)))
  const taken: { from: number; to: number }[] = []
  const labels: Label[] = []
  const place = (value: number): void => {
    const [text, at] = [formatTick(value), toPixel(x, value, left, right)]
    const width = widthOf(text)
    const align = at - left < 1 ? 'left' : right - at < 1 ? 'right' : 'center'
    const from = at - width * { left: 0, center: 0.5, right: 1 }[align]
    if (taken.some((other) => from < other.to + GAP && other.from < from + width + GAP)) return
    taken.push({ from, to: from + width })
    labels.push({ text, at, align })
  }
  const ends = [x.from, x.to].filter((end) => !whole || Number.isInteger(end))
  for (const value of [...ends, ...(xKind === 'time' ? timeTicks(x, most) : valueTicks(x, most, whole))]) place(value)
  return labels
}
