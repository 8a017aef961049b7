// A chart of lines as an ECharts option, for the images that readers save: what the page paints, and a legend.
import { PALETTES, type ThemeName } from '@/shared/theme'
import { pointsOf, type Columns, type Point } from './columns'
import type { ChartLook } from './look'
import type { Domain } from './scale'
import { drawingsOf, oddMarks, rangesOf, type Drawing, type OddMark } from './scene'
import type { ChartMark, LineSeries } from './series'

export interface LineChartSettings {
  series: readonly LineSeries[]
  theme: ThemeName
  xKind: 'value' | 'time'
  look: ChartLook
  formatX: (x: number) => string
  /** For the axis, where there is little room; `formatX` when missing. */
  formatTick?: (x: number) => string
  formatY: (y: number) => string
  yMin?: number
  yMax?: number
  xMin?: number
  xMax?: number
  area?: boolean
  /** Drawn stronger; all others step back. */
  highlighted?: string | null
  pinned?: readonly string[]
  marks?: readonly ChartMark[]
  part?: readonly [number, number] | null
}

// A line of many points needs no symbols; one or two points need them to be seen at all.
const SYMBOLS_UP_TO = 2
const RAW_OPACITY = 0.25
const BAND_OPACITY = 0.16
const MOST_NAMES = 20
// Series that stand beside the line itself: ids of jobs and metrics may hold anything but a line feed.
const RAW = '\nraw'
const ODD = '\nodd'
const LOW = '\nlow'
const HIGH = '\nhigh'

export function lineOption(settings: LineChartSettings) {
  const palette = PALETTES[settings.theme]
  const drawings = drawingsOf(settings.series, settings.look, { highlighted: settings.highlighted ?? null, pinned: new Set(settings.pinned) })
  const { x, y } = rangesOf(drawings, settings.look, settings.xKind === 'time', settings.part ?? null, settings)
  const names = new Map(settings.series.map((line) => [line.id, line.name]))
  const sparse = new Set(settings.series.filter((line) => line.sparse).map(({ id }) => id))
  const label = { color: palette.textFaint, fontSize: 11, hideOverlap: true }
  const hasLegend = settings.series.length > 1 && settings.series.length <= MOST_NAMES
  return {
    animation: false,
    legend: hasLegend ? { show: true, top: 0, data: settings.series.map(({ name }) => name), textStyle: { color: palette.text } } : { show: false, data: [] },
    // Marks have their sign above the plot.
    grid: { left: 8, right: 16, top: (hasLegend ? 32 : 12) + (settings.marks?.length ? 12 : 0), bottom: 8, containLabel: true },
    xAxis: {
      type: x.log ? ('log' as const) : settings.xKind,
      min: x.from,
      max: x.to,
      axisLine: { onZero: false, lineStyle: { color: palette.lineStrong } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { ...label, formatter: settings.formatTick ?? settings.formatX },
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
      axisLabel: { ...label, formatter: settings.formatY },
    },
    series: drawings.flatMap((drawing, index) => {
      const name = names.get(drawing.id) ?? ''
      return [
        ...banded(drawing, y),
        ...(drawing.raw ? [faint(drawing, drawing.raw, x, y)] : []),
        drawn(drawing, name, settings, x, y, index === 0 ? marked(settings) : undefined),
        ...(sparse.has(drawing.id) ? [] : odd(drawing, y, palette.surface)),
      ]
    }),
  }
}

/** What a logarithmic axis has no place for becomes a gap, or goes when it is x that has none. */
function placed(columns: Columns, x: Domain, y: Domain): Point[] {
  const points = pointsOf(columns)
  const right = x.log ? points.filter(([place]) => place > 0) : points
  return y.log ? right.map(([place, value]) => [place, value !== null && value > 0 ? value : null] as const) : right
}

function drawn(drawing: Drawing, name: string, settings: LineChartSettings, x: Domain, y: Domain, markLine?: ReturnType<typeof marked>) {
  const { line, colour, dash, width, opacity, order } = drawing
  return {
    id: drawing.id,
    name,
    type: 'line' as const,
    data: placed(line, x, y),
    showSymbol: line.x.length <= SYMBOLS_UP_TO,
    symbolSize: 5,
    connectNulls: false,
    z: 3 + order,
    lineStyle: { width, color: colour, opacity, type: dash.length > 0 ? [...dash] : ('solid' as const) },
    itemStyle: { color: colour },
    areaStyle: settings.area ? { color: colour, opacity: 0.1 } : undefined,
    markLine,
  }
}

function faint(drawing: Drawing, raw: Columns, x: Domain, y: Domain) {
  const { colour, opacity } = drawing
  return { id: drawing.id + RAW, type: 'line' as const, data: placed(raw, x, y), showSymbol: false, silent: true, z: 1, lineStyle: { width: 1, color: colour, opacity: RAW_OPACITY * opacity } }
}

/** A line that nobody sees, and what is between it and the upper end, filled. */
function banded(drawing: Drawing, y: Domain) {
  const { low, high, colour, opacity } = drawing
  if (!low || !high) return []
  const common = { type: 'line' as const, stack: drawing.id, stackStrategy: 'all' as const, showSymbol: false, silent: true, z: 1, lineStyle: { width: 0, opacity: 0 } }
  const floor = low.y.map((value) => (y.log ? Math.max(value, y.from) : value))
  const between = { x: high.x, y: high.y.map((value, at) => value - (floor[at] as number)) }
  return [
    { ...common, id: drawing.id + LOW, data: pointsOf({ x: low.x, y: floor }) },
    { ...common, id: drawing.id + HIGH, data: pointsOf(between), areaStyle: { color: colour, opacity: BAND_OPACITY * opacity } },
  ]
}

/** Hollow triangles in the line's colour where there was no number to draw. */
function odd(drawing: Drawing, y: Domain, surface: string) {
  const marks = oddMarks(drawing.raw ?? drawing.line)
  if (marks.length === 0) return []
  const height = (mark: OddMark): number => (mark.kind === 'up' ? y.to : mark.kind === 'down' ? y.from : Math.min(y.to, Math.max(y.from, mark.y as number)))
  return [
    {
      id: drawing.id + ODD,
      type: 'line' as const,
      data: marks.map((mark) => ({ value: [mark.x, height(mark)], symbolRotate: mark.kind === 'down' ? 180 : 0 })),
      symbol: 'triangle',
      symbolSize: 8,
      showSymbol: true,
      showAllSymbol: true,
      silent: true,
      z: 6,
      lineStyle: { width: 0, opacity: 0 },
      itemStyle: { color: surface, borderColor: drawing.colour, borderWidth: 1.5, opacity: drawing.opacity },
    },
  ]
}

/** The marks hang on the first line. */
function marked(settings: LineChartSettings) {
  const colour = PALETTES[settings.theme].textFaint
  return {
    silent: true,
    animation: false,
    symbol: 'none',
    lineStyle: { color: colour, type: 'dashed' as const, width: 1, opacity: 1 },
    label: { show: true, position: 'insideEndTop' as const, rotate: 0, distance: [0, 6], formatter: '{b}', color: colour, fontSize: 12 },
    data: (settings.marks ?? []).map(({ x, sign = '↻' }) => ({ xAxis: x, name: sign })),
  }
}
