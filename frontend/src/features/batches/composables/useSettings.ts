// By which settings the jobs of a batch can be told apart: those that one of them told at its start, seeds aside.
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { readJob, type Job } from '@/features/runs'
import { useResource } from '@/shared/composables/useResource'

const SEED = /(^|[._-])(seeds?|rng|random_state)$|seed$/i

/** Names of settings, dots leading inwards. */
export function settingsOf(config: unknown, path = ''): string[] {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return path === '' || SEED.test(path) ? [] : [path]
  return Object.entries(config).flatMap(([name, value]) => settingsOf(value, path ? `${path}.${name}` : name))
}

export function useSettings(batchId: MaybeRefOrGetter<string>, jobs: MaybeRefOrGetter<readonly Job[]>) {
  const first = computed(() => toValue(jobs)[0]?.id ?? '')
  const { data } = useResource(() => readJob(toValue(batchId), first.value), { key: () => JSON.stringify([toValue(batchId), first.value]), enabled: () => first.value !== '' })
  return computed(() => settingsOf((data.value?.extra as { config?: unknown } | null)?.config))
}
