// What a hand does over a chart: point, choose a part, zoom, move along, by mouse, touch and keys.
import { onScopeDispose, ref, watch, type Ref } from 'vue'
import { fromPixel, panned, zoomed, type Domain } from './scale'
import type { Plot } from './usePlot'

export interface Gestures {
  /** A place of x, or null when nothing is pointed at any more. */
  point: (x: number | null) => void
  /** To the next point on the right (1) or left (-1). */
  walk: (direction: 1 | -1) => void
  part: (part: readonly [number, number] | null) => void
  pick: (x: number, y: number) => void
  full: () => void
}

const WHEEL = 0.0015
const KEY_ZOOM = 0.5
const KEY_PAN = 0.25
const LEAST_DRAG = 6
// A second click within this time makes a double click, which picks nothing.
const DOUBLE_MS = 300

export function useGestures(plot: Readonly<Ref<Plot | null>>, zooms: () => boolean, isFull: () => boolean, act: Gestures) {
  /** The part that is being chosen, in pixels. */
  const brush = ref<{ from: number; to: number } | null>(null)
  const fingers = new Map<number, number>()
  let picking: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(() => clearTimeout(picking))
  let began: { pixel: number; pans: boolean; domain: Domain; distance: number } | null = null

  const pixelOf = (event: MouseEvent): number => event.clientX - (event.currentTarget as HTMLElement).getBoundingClientRect().left
  const valueAt = (pixel: number, domain?: Domain): number => {
    const { rect, ranges } = plot.value as Plot
    return fromPixel(domain ?? ranges.x, Math.min(rect.left + rect.width, Math.max(rect.left, pixel)), rect.left, rect.left + rect.width)
  }
  const look = (domain: Domain): void => {
    const { whole } = (plot.value as Plot).ranges
    act.part(domain.from <= whole.from && domain.to >= whole.to ? null : [domain.from, domain.to])
  }

  function down(event: PointerEvent): void {
    if (!plot.value || event.button !== 0) return
    const pixel = pixelOf(event)
    fingers.set(event.pointerId, pixel)
    if (!zooms()) return
    if (event.pointerType === 'mouse') (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId)
    began = { pixel, pans: event.shiftKey, domain: plot.value.ranges.x, distance: spread() }
  }

  // A hand may rest over a chart that is still to be drawn, and moves no more when it is.
  let early: number | null = null
  watch(plot, () => {
    if (early === null || !plot.value) return
    act.point(valueAt(early))
    early = null
  })

  function move(event: PointerEvent): void {
    const pixel = pixelOf(event)
    early = plot.value ? null : pixel
    if (!plot.value) return
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, pixel)
    if (began && fingers.size === 2) pinch()
    else if (began?.pans) look(panned(began.domain, (began.pixel - pixel) / plot.value.rect.width, plot.value.ranges.whole))
    else if (began && event.pointerType === 'mouse' && Math.abs(pixel - began.pixel) > LEAST_DRAG) brush.value = { from: Math.min(pixel, began.pixel), to: Math.max(pixel, began.pixel) }
    act.point(valueAt(pixel))
  }

  function up(event: PointerEvent): void {
    fingers.delete(event.pointerId)
    if (brush.value && plot.value) {
      const [from, to] = [valueAt(brush.value.from), valueAt(brush.value.to)]
      if (to > from) act.part([from, to])
    } else if (began && !began.pans && event.type === 'pointerup' && Math.abs(pixelOf(event) - began.pixel) <= LEAST_DRAG) {
      const [x, y] = [valueAt(began.pixel), event.clientY - (event.currentTarget as HTMLElement).getBoundingClientRect().top]
      clearTimeout(picking)
      picking = setTimeout(() => act.pick(x, y), DOUBLE_MS)
    }
    brush.value = null
    began = null
  }

  /** A double click: all of x again. */
  function reset(): void {
    clearTimeout(picking)
    if (zooms()) act.part(null)
  }

  function leave(event: PointerEvent): void {
    early = null
    fingers.delete(event.pointerId)
    if (!began) act.point(null)
  }

  function spread(): number {
    const [one, other] = [...fingers.values()]
    return one !== undefined && other !== undefined ? Math.abs(one - other) : 0
  }

  function pinch(): void {
    if (!began || !plot.value) return
    const now = spread()
    if (began.distance === 0) began = { ...began, distance: now, domain: plot.value.ranges.x }
    else if (now > 0) look(zoomed(began.domain, valueAt([...fingers.values()].reduce((sum, one) => sum + one, 0) / 2, began.domain), began.distance / now, plot.value.ranges.whole))
  }

  /** With Ctrl (which is also how a touchpad tells of a pinch), or anywhere in full screen: else the page scrolls. */
  function wheel(event: WheelEvent): void {
    if (!plot.value || !zooms() || !(event.ctrlKey || event.metaKey || isFull())) return
    event.preventDefault()
    look(zoomed(plot.value.ranges.x, valueAt(pixelOf(event)), Math.exp(event.deltaY * WHEEL), plot.value.ranges.whole))
  }

  function key(event: KeyboardEvent, at: number | null): void {
    if (!plot.value || event.ctrlKey || event.metaKey || event.altKey) return
    const { x, whole } = plot.value.ranges
    const middle = at ?? valueAt(plot.value.rect.left + plot.value.rect.width / 2)
    const canZoom = zooms()
    const handled: Record<string, (() => void) | false> = {
      ArrowLeft: () => (event.shiftKey && canZoom ? look(panned(x, -KEY_PAN, whole)) : act.walk(-1)),
      ArrowRight: () => (event.shiftKey && canZoom ? look(panned(x, KEY_PAN, whole)) : act.walk(1)),
      Home: () => act.point(x.from),
      End: () => act.point(x.to),
      '+': canZoom && (() => look(zoomed(x, middle, KEY_ZOOM, whole))),
      '=': canZoom && (() => look(zoomed(x, middle, KEY_ZOOM, whole))),
      '-': canZoom && (() => look(zoomed(x, middle, 1 / KEY_ZOOM, whole))),
      '0': canZoom && (() => act.part(null)),
      f: act.full,
      Escape: isFull() ? act.full : () => act.point(null),
    }
    const run = handled[event.key]
    if (!run) return
    event.preventDefault()
    event.stopPropagation()
    run()
  }

  return { brush, down, move, up, leave, reset, wheel, key }
}
