// Keeps what is on the canvas true to the properties of a chart: at once when its reader acts, a few times a second when
// points arrive.
import { computed, onScopeDispose, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { isPrinting, PALETTES, themeName } from '@/shared/theme'
import { columnsOf, type Columns } from './columns'
import { labelsOf, paintFrame, plotRect, type FrameSettings } from './frame'
import { finish } from './frames'
import type { ChartLook } from './look'
import { Painter } from './painter'
import type { Rect } from './scale'
import { drawingsOf, oddMarks, rangesOf, type Drawing, type Ranges } from './scene'
import type { ChartMark, LineSeries } from './series'

export interface PlotProps {
  series: readonly LineSeries[]
  xKind: 'value' | 'time'
  look: ChartLook
  formatTick: (x: number) => string
  formatY: (y: number) => string
  yMin?: number
  yMax?: number
  xMin?: number
  xMax?: number
  area?: boolean
  highlighted: string | null
  pinned: readonly string[]
  marks?: readonly ChartMark[]
  part: readonly [number, number] | null
}

export interface Plot {
  rect: Rect
  ranges: Ranges
  drawn: ReadonlyMap<string, Columns>
}

type Place = Readonly<ShallowRef<HTMLCanvasElement | null>>

// Points that arrive are drawn this often: a human eye reads numbers no quicker.
const LIVE_MS = 250

/** `ground` holds the axes, `canvas` above it the lines. */
export function usePlot(props: () => PlotProps, ground: Place, canvas: Place, size: Ref<{ width: number; height: number }>, near: Readonly<Ref<boolean>>) {
  const plot = shallowRef<Plot | null>(null)
  let painter: Painter | null = null
  let asked = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let last = 0
  let isUrgent = false

  function draw(): void {
    asked = 0
    clearTimeout(timer)
    timer = undefined
    const { width, height } = size.value
    if (!near.value || !canvas.value || width === 0) return
    last = performance.now()
    const given = props()
    const drawings = drawingsOf(given.series, given.look, { highlighted: given.highlighted, pinned: new Set(given.pinned) })
    const ranges = rangesOf(drawings, given.look, given.xKind === 'time', given.part, given)
    const rect = plotRect(width, height, labelsOf(ranges.y, given.formatY), Boolean(given.marks?.length))
    drawFrame(width, height, { theme: themeName.value, xKind: given.xKind, x: ranges.x, y: ranges.y, rect, whole: given.look.x === 'step', formatTick: given.formatTick, formatY: given.formatY })
    plot.value = { rect, ranges, drawn: new Map(drawings.map(({ id, line }) => [id, line])) }
    painter ??= new Painter(canvas.value, ratio())
    const palette = PALETTES[themeName.value]
    painter.show({
      view: { x: ranges.x, y: ranges.y, rect },
      width,
      height,
      drawings,
      odd: oddOf(drawings, given.series),
      marks: (given.marks ?? []).map(({ x, sign = '↻' }) => ({ x, sign })),
      area: given.area ?? false,
      surface: palette.surface,
      ink: palette.textFaint,
    }, isUrgent, isPrinting.value)
    isUrgent = false
  }

  function drawFrame(width: number, height: number, frame: FrameSettings): void {
    const context = ground.value?.getContext('2d')
    if (!context) return
    // Made anew, a canvas is blank, also where a browser repeats for paper what was drawn on it.
    context.canvas.width = Math.round(width * ratio())
    context.canvas.height = Math.round(height * ratio())
    context.scale(ratio(), ratio())
    paintFrame(context, frame)
  }

  function soon(): void {
    isUrgent = true
    ask()
  }
  function ask(): void {
    if (asked === 0) asked = requestAnimationFrame(draw)
  }
  function later(): void {
    timer ??= setTimeout(ask, Math.max(0, last + LIVE_MS - performance.now()))
  }

  const acts = computed(() => {
    const { look, xKind, yMin, yMax, xMin, xMax, area, highlighted, pinned, marks, part, formatTick, formatY } = props()
    return [look, xKind, yMin, yMax, xMin, xMax, area, highlighted, pinned, marks, part, formatTick, formatY, size.value, near.value, themeName.value, canvas.value]
  })
  watch(acts, soon, { immediate: true })
  // Which lines there are is the reader's doing; what they hold comes from the stream.
  watch(
    () => props().series,
    (now, before) => (now.length === before.length && now.every((line, at) => line.id === before[at]?.id && line.colour === before[at].colour) ? later() : soon()),
  )
  const print = (): void => {
    draw()
    finish()
  }
  window.addEventListener('beforeprint', print)
  onScopeDispose(() => {
    cancelAnimationFrame(asked)
    clearTimeout(timer)
    painter?.dispose()
    window.removeEventListener('beforeprint', print)
  })
  return plot
}

/** Of the screen's pixels to those of the page; more than two nobody sees. */
const ratio = (): number => Math.min(2, window.devicePixelRatio || 1)

function oddOf(drawings: readonly Drawing[], series: readonly LineSeries[]) {
  const raw = new Map(series.filter(({ sparse }) => !sparse).map((line) => [line.id, columnsOf(line.points)]))
  return drawings.flatMap(({ id, colour, opacity }) => {
    const columns = raw.get(id)
    const marks = columns ? oddMarks(columns) : []
    return marks.length > 0 ? [{ colour, opacity, marks }] : []
  })
}
