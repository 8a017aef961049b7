// The axes of a chart, as ECharts draws them: lines are painted between them.
import { PALETTES, type ThemeName } from '@/shared/theme'
import type { Axis, Domain, Rect } from './scale'

export interface FrameSettings {
  theme: ThemeName
  xKind: 'value' | 'time'
  x: Domain
  y: Axis
  rect: Rect
  width: number
  height: number
  /** Places on x are whole numbers: no ticks between two of them. */
  whole: boolean
  formatTick: (x: number) => string
  formatY: (y: number) => string
}

const LABEL = 11
const LEAST_LEFT = 44
const RIGHT = 14
const BOTTOM = 24

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

export function frameOption(settings: FrameSettings) {
  const palette = PALETTES[settings.theme]
  const { rect, x, y } = settings
  const label = { color: palette.textFaint, fontSize: LABEL, hideOverlap: true }
  const isTrimmed = !y.log && y.interval === undefined
  return {
    animation: false,
    grid: { left: rect.left, top: rect.top, width: rect.width, height: rect.height, containLabel: false },
    xAxis: {
      type: x.log ? ('log' as const) : settings.xKind,
      minInterval: settings.whole && !x.log ? 1 : undefined,
      min: x.from,
      max: x.to,
      splitNumber: Math.max(2, Math.min(10, Math.round(rect.width / 90))),
      axisLine: { onZero: false, lineStyle: { color: palette.lineStrong } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { ...label, formatter: settings.formatTick, alignMaxLabel: 'right' as const, alignMinLabel: 'left' as const },
    },
    yAxis: {
      type: y.log ? ('log' as const) : ('value' as const),
      min: y.from,
      max: y.to,
      interval: y.log ? undefined : y.interval,
      splitNumber: 4,
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: palette.line } },
      // Where outliers are cut away, the ends of the axis are no round numbers.
      axisLabel: { ...label, formatter: settings.formatY, showMinLabel: isTrimmed ? false : undefined, showMaxLabel: isTrimmed ? false : undefined },
    },
  }
}
