// Where the crosshair of a chart stands, by its own reader or by another chart of its group, and what is read there.
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { crosshairOf, pointAt } from './crosshair'
import { readingsAt, snapped, stepped, type Reading } from './hover'
import { fromPixel, toPixel } from './scale'
import type { ChartMark, LineSeries } from './series'
import type { Plot } from './usePlot'

/** Between this chart's x and the unit that its group shares; null where the other has no such place. */
export interface Shared {
  to: (x: number) => number | null
  from: (place: number) => number | null
}

interface Given {
  series: readonly LineSeries[]
  pinned: readonly string[]
  marks?: readonly ChartMark[]
  formatX: (x: number) => string
  formatY: (y: number) => string
}

export interface Card {
  x: number
  readings: Reading[]
  notes: string[]
  side: 'left' | 'right'
  at: number
  /** The line nearest to a height in pixels. */
  nearest: (pixel: number) => string | null
}

const REACH_PX = 12
const AWAY_PX = 14
const MOST_SAID = 4

export function useCrosshair(plot: Readonly<Ref<Plot | null>>, given: () => Given, group: () => { group?: string; shared?: Shared }) {
  const me = Symbol('chart')
  const own = ref<number | null>(null)
  const said = shallowRef('')

  function point(x: number | null): void {
    const place = x === null || !plot.value ? null : snapped(plot.value.drawn.values(), x)
    own.value = place
    const { group: name, shared } = group()
    if (name) pointAt(name, me, place === null ? null : shared ? shared.to(place) : place)
  }

  const x = computed(() => {
    if (own.value !== null) return own.value
    const { group: name, shared } = group()
    const there = name ? crosshairOf(name) : null
    if (!there || there.by === me) return null
    return shared ? shared.from(there.at) : there.at
  })
  const pixel = computed(() => {
    if (x.value === null || !plot.value) return null
    const { rect, ranges } = plot.value
    const at = toPixel(ranges.x, x.value, rect.left, rect.left + rect.width)
    return at >= rect.left - 1 && at <= rect.left + rect.width + 1 ? at : null
  })
  const reach = (): number => {
    const { rect, ranges } = plot.value as Plot
    const value = (at: number): number => fromPixel(ranges.x, at, rect.left, rect.left + rect.width)
    return Math.abs(value((pixel.value ?? 0) + REACH_PX) - value((pixel.value ?? 0) - REACH_PX)) / 2
  }

  const card = computed((): Card | null => {
    if (x.value === null || pixel.value === null || !plot.value) return null
    const { rect, ranges, drawn } = plot.value
    const { series, pinned, marks } = given()
    const readings = readingsAt(series, drawn, x.value, reach(), pinned[0] ?? null)
    if (readings.length === 0) return null
    const isLeft = pixel.value > rect.left + rect.width / 2
    return {
      x: x.value,
      readings,
      notes: (marks ?? []).filter((mark) => Math.abs(mark.x - (x.value as number)) <= reach()).map(({ text, sign = '↻' }) => `${sign} ${text}`),
      side: isLeft ? 'left' : 'right',
      at: isLeft ? rect.left + rect.width + 14 - pixel.value + AWAY_PX : pixel.value + AWAY_PX,
      nearest: (height) => {
        const away = ({ y }: Reading): number => Math.abs(toPixel(ranges.y, y, rect.top + rect.height, rect.top) - height)
        return readings.filter(({ y }) => Number.isFinite(y)).sort((a, b) => away(a) - away(b))[0]?.id ?? null
      },
    }
  })

  function walk(direction: 1 | -1): void {
    if (!plot.value) return
    const { ranges, drawn } = plot.value
    point(own.value === null ? (direction === 1 ? ranges.x.from : ranges.x.to) : stepped(drawn.values(), own.value, direction))
    const { formatX, formatY } = given()
    const now = card.value
    if (now) said.value = [formatX(now.x), ...now.readings.slice(0, MOST_SAID).map(({ name, y }) => `${name}: ${Number.isFinite(y) ? formatY(y) : String(y)}`)].join(', ')
  }

  // A chart that goes takes its crosshair with it.
  onScopeDispose(() => point(null))
  watch(
    () => group().group,
    () => point(null),
  )
  return { x, mine: computed(() => own.value !== null), pixel, card, point, walk, said }
}
