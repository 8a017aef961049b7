// Which metrics a board shows: what the reader chose as far as it is there, else the one that decides; and what is better in each.
import { computed, toValue, type ComputedRef, type MaybeRefOrGetter } from 'vue'
import { directionOf } from '@/features/runs'
import type { BoardMetric, Toward } from '../types'
import { MOST_METRICS, type BoardLook } from './useBoardLook'

export interface Sense {
  direction: Toward
  /** Somebody said so, or the name does: else it is only assumed. */
  isSure: boolean
  isSaid: boolean
}

export interface ChosenMetrics {
  chosen: ComputedRef<string[]>
  primary: ComputedRef<string>
  others: ComputedRef<string[]>
  senseOf: (name: string) => Sense
}

export function useBoardMetrics(look: BoardLook, known: MaybeRefOrGetter<readonly BoardMetric[]>, fallback: MaybeRefOrGetter<string | undefined>): ChosenMetrics {
  const names = computed(() => new Map(toValue(known).map((metric) => [metric.name, metric])))
  const chosen = computed(() => {
    const there = look.metrics.value.filter((name) => names.value.has(name)).slice(0, MOST_METRICS)
    const first = toValue(fallback)
    return there.length || !first ? there : [first]
  })
  return {
    chosen,
    primary: computed(() => chosen.value[0] ?? ''),
    others: computed(() => chosen.value.slice(1)),
    senseOf(name) {
      const said = look.saidOf(name)
      const guess = names.value.get(name)
      const own = directionOf(name)
      return {
        direction: said ?? guess?.direction ?? (own.direction === 'higher' ? 'max' : 'min'),
        isSure: said !== undefined || (guess?.is_sure ?? own.sure),
        isSaid: said !== undefined,
      }
    },
  }
}
