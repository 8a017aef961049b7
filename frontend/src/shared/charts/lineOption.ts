// Builds the ECharts option of a line chart from plain series. Pure, so that it can be tested without a canvas.
import { PALETTES, type ThemeName } from '@/shared/theme'
import type { ChartLook } from './look'
import { usualSpan } from './outliers'
import { smooth, type Point } from './smoothing'

export interface LineSeries {
  id: string
  name: string
  points: readonly Point[]
  colour: string
  dashed?: boolean
}

/** A place on the x axis with a story: a dashed line, told in the tooltip of its neighbours. */
export interface ChartMark {
  x: number
  text: string
}

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
  area?: boolean
  zoom?: boolean
  /** Drawn stronger; all others step back. */
  highlighted?: string | null
  marks?: readonly ChartMark[]
}

// A line of many points needs no symbols; one or two points need them to be seen at all.
const SYMBOLS_UP_TO = 2
const FAINT = 0.25
const TOOLTIP_ROWS = 12
// Series that stand beside the line itself: ids of jobs and metrics may hold anything but a line feed.
const RAW = '\nraw'
const GAPS = '\nnan'

export function lineOption(settings: LineChartSettings) {
  const palette = PALETTES[settings.theme]
  const { log } = settings.look
  const logX = settings.look.logX && settings.xKind === 'value'
  const prepared = settings.series.map((series) => ({ ...series, points: placed(series.points, log, logX), gaps: gapsOf(series.points) }))
  const span = settings.look.clip ? usualSpan(Float64Array.from(prepared.flatMap(({ points }) => points.map(([, y]) => y ?? NaN))), log) : null
  const fixed = !log && !span && settings.yMin !== undefined && settings.yMax !== undefined
  return {
    animation: false,
    // Marks have their sign above the plot.
    grid: { left: 8, right: 12, top: settings.marks?.length ? 22 : 12, bottom: settings.zoom ? 8 : 4, containLabel: true },
    xAxis: {
      type: logX ? ('log' as const) : settings.xKind,
      // An epoch is a whole number: no ticks between two of them.
      minInterval: settings.xKind === 'value' && !logX ? 1 : undefined,
      min: 'dataMin',
      max: 'dataMax',
      axisLine: { lineStyle: { color: palette.lineStrong } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { color: palette.textFaint, fontSize: 11, hideOverlap: true, formatter: settings.formatTick ?? settings.formatX },
      axisPointer: { label: { show: false } },
    },
    yAxis: {
      type: log ? 'log' : 'value',
      scale: true,
      min: span ? span[0] : log ? undefined : settings.yMin,
      max: span ? span[1] : log ? undefined : settings.yMax,
      splitNumber: 4,
      // A fixed range is cut into quarters: its end is then always a labelled line.
      interval: fixed ? ((settings.yMax as number) - (settings.yMin as number)) / 4 : undefined,
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: palette.line } },
      // Where outliers are cut away, the ends of the axis are no round numbers.
      axisLabel: { color: palette.textFaint, fontSize: 11, formatter: settings.formatY, showMinLabel: span ? false : undefined, showMaxLabel: span ? false : undefined },
    },
    tooltip: {
      trigger: 'axis',
      confine: true,
      transitionDuration: 0,
      backgroundColor: palette.raised,
      borderColor: palette.lineStrong,
      padding: [8, 12],
      textStyle: { color: palette.text, fontSize: 12 },
      axisPointer: { type: 'line', lineStyle: { color: palette.lineStrong, type: 'solid' } },
      formatter: (items: unknown) => tooltip(items, settings),
    },
    dataZoom: settings.zoom ? [{ type: 'inside', filterMode: 'none', zoomOnMouseWheel: 'ctrl', moveOnMouseWheel: false }] : [],
    series: prepared.flatMap((series, index) => [
      ...drawn(series, settings, index === 0 ? marked(settings) : undefined),
      ...gapMarks(series, placed(series.gaps, log, logX), settings, span),
    ]),
  }
}

/** What a logarithmic axis has no place for becomes a gap, or goes when it is x that has none. */
function placed(points: readonly Point[], log: boolean, logX: boolean): readonly Point[] {
  const right = logX ? points.filter(([x]) => x > 0) : points
  return log ? right.map(([x, y]) => [x, y !== null && y > 0 ? y : null] as const) : right
}

/** Where values were no numbers: the first and the last place of each run of them, at the height of the nearest number. */
export function gapsOf(points: readonly Point[]): Point[] {
  const found: Point[] = []
  let height = points.find(([, y]) => y !== null)?.[1] ?? 0
  points.forEach(([x, y], at) => {
    if (y !== null) height = y
    else if (at === 0 || points[at - 1]?.[1] !== null || at === points.length - 1 || points[at + 1]?.[1] !== null) found.push([x, height])
  })
  return found
}

/** The marks hang on the first line. */
function marked(settings: LineChartSettings) {
  const colour = PALETTES[settings.theme].textFaint
  return {
    silent: true,
    animation: false,
    symbol: 'none',
    lineStyle: { color: colour, type: 'dashed' as const, width: 1, opacity: 1 },
    label: { show: true, position: 'insideEndTop' as const, rotate: 0, distance: [0, 6], formatter: '↻', color: colour, fontSize: 12 },
    data: (settings.marks ?? []).map(({ x }) => ({ xAxis: x })),
  }
}

/** How far the tooltip looks for marks: a fiftieth of what is drawn. */
function reach(settings: LineChartSettings): number {
  const ends = settings.series.flatMap(({ points }) => [points[0]?.[0], points.at(-1)?.[0]]).filter((x) => x !== undefined)
  return ends.length > 0 ? (Math.max(...ends) - Math.min(...ends)) / 50 : 0
}

function drawn(series: LineSeries, settings: LineChartSettings, markLine?: ReturnType<typeof marked>) {
  const { points } = series
  const back = settings.highlighted != null && settings.highlighted !== series.id
  const line = {
    id: series.id,
    name: series.name,
    type: 'line' as const,
    data: smooth(points, settings.look.smoother, settings.look.smoothing),
    showSymbol: points.length <= SYMBOLS_UP_TO,
    symbolSize: 5,
    connectNulls: false,
    z: back ? 2 : 3,
    lineStyle: { width: back ? 1 : 1.75, color: series.colour, opacity: back ? FAINT : 1, type: series.dashed ? ('dashed' as const) : ('solid' as const) },
    itemStyle: { color: series.colour },
    areaStyle: settings.area ? { color: series.colour, opacity: 0.1 } : undefined,
    emphasis: { disabled: true },
    markLine,
  }
  if (settings.look.smoothing <= 0) return [line]
  const raw = {
    ...line,
    id: series.id + RAW,
    data: points,
    z: 1,
    areaStyle: undefined,
    markLine: undefined,
    showSymbol: false,
    silent: true,
    lineStyle: { ...line.lineStyle, width: 1, opacity: back ? 0.08 : FAINT },
  }
  return [raw, line]
}

/** Hollow triangles in the line's colour where there was no number to draw. */
function gapMarks(series: LineSeries, gaps: readonly Point[], settings: LineChartSettings, span: [number, number] | null) {
  if (gaps.length === 0) return []
  const back = settings.highlighted != null && settings.highlighted !== series.id
  const within = ([x, y]: Point): Point => [x, span && y !== null ? Math.min(span[1], Math.max(span[0], y)) : y]
  return [
    {
      id: series.id + GAPS,
      name: series.name,
      type: 'line' as const,
      data: gaps.map(within),
      symbol: 'triangle',
      symbolSize: 8,
      showSymbol: true,
      showAllSymbol: true,
      silent: true,
      z: back ? 2 : 4,
      lineStyle: { width: 0, color: series.colour, opacity: 0 },
      itemStyle: { color: PALETTES[settings.theme].surface, borderColor: series.colour, borderWidth: 1.5, opacity: back ? FAINT : 1 },
      emphasis: { disabled: true },
    },
  ]
}

interface TooltipItem {
  seriesId?: string
  seriesName?: string
  color?: string
  borderColor?: string
  value?: unknown
}

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** All series at this place, the highest first. Names come from users: they are escaped. */
function tooltip(items: unknown, settings: LineChartSettings): string {
  const rows = (Array.isArray(items) ? (items as TooltipItem[]) : []).flatMap(({ seriesId, seriesName, color, borderColor, value }) => {
    if (!Array.isArray(value) || typeof value[1] !== 'number' || seriesId?.endsWith(RAW)) return []
    const gap = seriesId?.endsWith(GAPS)
    return [{ name: seriesName ?? '', colour: (gap ? borderColor : color) ?? '', x: value[0] as number, y: gap ? NaN : value[1] }]
  })
  rows.sort((a, b) => (Number.isNaN(a.y) ? 1 : Number.isNaN(b.y) ? -1 : b.y - a.y))
  const first = rows[0]
  if (!first) return ''
  const lines = rows.slice(0, TOOLTIP_ROWS).map(
    ({ name, colour, y }) =>
      `<tr><td><i style="display:inline-block;width:8px;height:8px;border-radius:4px;margin-right:6px;background:${escapeHtml(colour)}"></i>${escapeHtml(name)}</td>` +
      `<td style="text-align:right;padding-left:16px;font-variant-numeric:tabular-nums">${escapeHtml(Number.isNaN(y) ? 'NaN' : settings.formatY(y))}</td></tr>`,
  )
  const near = (settings.marks ?? []).filter(({ x }) => Math.abs(x - first.x) <= reach(settings))
  const told = near.map(({ text }) => `<div style="margin-top:4px">↻ ${escapeHtml(text)}</div>`).join('')
  const rest = rows.length > TOOLTIP_ROWS ? `<tr><td colspan="2">+${rows.length - TOOLTIP_ROWS}</td></tr>` : ''
  return `<div style="margin-bottom:4px;opacity:0.75">${escapeHtml(settings.formatX(first.x))}</div><table>${lines.join('')}${rest}</table>${told}`
}
