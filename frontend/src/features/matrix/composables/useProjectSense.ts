// What a project says of its metrics, for pages that know only a batch of it.
import { computed, toValue, type ComputedRef, type MaybeRefOrGetter } from 'vue'
import { directionOf } from '@/features/runs'
import { useResource } from '@/shared/composables/useResource'
import { readProjectMetrics } from '../api'
import type { Toward } from '../types'

export interface ProjectSense {
  primary: ComputedRef<string | null>
  of: (metric: string) => { direction: Toward; is_sure: boolean }
}

export function useProjectSense(project: MaybeRefOrGetter<string>): ProjectSense {
  const { data } = useResource(() => readProjectMetrics(toValue(project)), { key: project, enabled: () => toValue(project) !== '' })
  const known = computed(() => new Map((data.value?.metrics ?? []).map((metric) => [metric.name, metric])))
  return {
    primary: computed(() => data.value?.primary ?? null),
    of(metric) {
      const told = known.value.get(metric)
      if (told) return { direction: told.direction, is_sure: told.is_sure }
      const guess = directionOf(metric)
      return { direction: guess.direction === 'higher' ? 'max' : 'min', is_sure: guess.sure }
    },
  }
}
