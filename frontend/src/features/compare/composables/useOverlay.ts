// The curves of what is compared: one metric of every side, and of its seeds together.
import { computed, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { useResource } from '@/shared/composables/useResource'
import { readCurves } from '../api'
import { drawnSides, overlayOf, type OverlaySettings } from '../overlay'

export function useOverlay(settings: MaybeRefOrGetter<OverlaySettings>, version: MaybeRefOrGetter<number>) {
  const enabled = computed(() => toValue(settings).metric !== '' && toValue(settings).sides.some(({ curve }) => curve !== null))

  function load() {
    const { sides, metric, banded } = toValue(settings)
    const drawn = drawnSides(sides, banded).map(({ side }) => side)
    const grouped = banded ? drawn.filter(({ seeds }) => seeds.length > 1) : []
    return readCurves(metric, drawn.flatMap(({ curve }) => curve ?? []), grouped.map(({ key, seeds }) => ({ id: key, jobs: seeds })))
  }
  const key = computed(() => {
    const { sides, metric, banded } = toValue(settings)
    return JSON.stringify([metric, banded, sides.map(({ curve, seeds }) => [curve, seeds.length]).map(String).sort(), sides.map(({ key: one }) => one).sort()])
  })
  const { data, error, loading, refresh } = useResource(load, { key, enabled })
  watch(
    () => toValue(version),
    () => enabled.value && void refresh(),
  )
  return { series: computed(() => (data.value && enabled.value ? overlayOf(data.value, toValue(settings)) : [])), error, loading, refresh }
}
