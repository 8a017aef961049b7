// The jobs of a batch in groups, one band each, computed by the server over all members. New points ask for it anew, but
// not more often than a reader can follow.
import { computed, onScopeDispose, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { queryCurves, type CurvesQuery } from '@/features/runs'
import { useResource } from '@/shared/composables/useResource'

export interface BandsWish {
  batchId: string
  /** As the server splits: all, seed, model, dataset, config.lr; empty: no bands. */
  by: string
  metric: string
  /** Only these steps, finer. */
  part: readonly [number, number] | null
}

const AGAIN_MS = 4_000

export function useBands(wish: MaybeRefOrGetter<BandsWish>, version: MaybeRefOrGetter<number>) {
  const isWanted = (): boolean => toValue(wish).by !== '' && toValue(wish).metric !== ''

  async function load() {
    const { batchId, by, metric, part } = toValue(wish)
    const steps: Partial<CurvesQuery> = part ? { from_step: Math.floor(part[0]), to_step: Math.ceil(part[1]) } : {}
    return (await queryCurves({ split: [{ batch_id: batchId, by, metrics: [metric] }], ...steps })).groups
  }
  // What is seen stays until the finer is there: the part is no key.
  const { data, error, loading, refresh } = useResource(load, { key: () => JSON.stringify({ ...toValue(wish), part: null }), enabled: isWanted })
  watch(
    () => JSON.stringify(toValue(wish).part),
    () => isWanted() && void refresh(),
  )

  let timer: ReturnType<typeof setTimeout> | undefined
  watch(
    () => toValue(version),
    () => {
      timer ??= setTimeout(() => {
        timer = undefined
        if (isWanted()) void refresh()
      }, AGAIN_MS)
    },
  )
  onScopeDispose(() => clearTimeout(timer))
  return { groups: computed(() => (isWanted() ? (data.value ?? []) : [])), error, loading, refresh }
}
