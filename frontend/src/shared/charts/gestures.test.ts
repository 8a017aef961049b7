import { describe, expect, it } from 'vitest'
import { effectScope, nextTick, shallowRef } from 'vue'
import { useGestures } from './useGestures'
import type { Plot } from './usePlot'

const PLOT = { rect: { left: 0, top: 0, width: 100, height: 50 }, ranges: { x: { from: 0, to: 10, log: false, whole: { from: 0, to: 10 } } } } as unknown as Plot
const over = (clientX: number) => ({ clientX, pointerId: 1, pointerType: 'mouse', currentTarget: { getBoundingClientRect: () => ({ left: 0 }) } }) as unknown as PointerEvent

function chart() {
  const plot = shallowRef<Plot | null>(null)
  const pointed: (number | null)[] = []
  const none = (): void => undefined
  const scope = effectScope()
  const act = { point: (x: number | null): void => void pointed.push(x), walk: none, part: none, pick: none, full: none }
  const gestures = scope.run(() => useGestures(plot, () => true, () => false, act)) as ReturnType<typeof useGestures>
  return { plot, pointed, gestures, scope }
}

describe('a hand over a chart that is still to be drawn', () => {
  it('is answered when it is drawn, though it moves no more', async () => {
    const { plot, pointed, gestures, scope } = chart()
    gestures.move(over(50))
    expect(pointed).toEqual([])
    plot.value = PLOT
    await nextTick()
    expect(pointed).toEqual([5])
    plot.value = { ...PLOT }
    await nextTick()
    expect(pointed, 'later drawings leave the crosshair where it is').toEqual([5])
    scope.stop()
  })

  it('is not answered once it has left', async () => {
    const { plot, pointed, gestures, scope } = chart()
    gestures.move(over(50))
    gestures.leave(over(50))
    plot.value = PLOT
    await nextTick()
    expect(pointed.filter((x) => x !== null)).toEqual([])
    scope.stop()
  })
})
