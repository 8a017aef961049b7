// How a reader looks at boards: in the URL, so that a link shows the same; and remembered for the next visit to the project.
import { computed, toValue, type ComputedRef, type MaybeRefOrGetter } from 'vue'
import { readStored, writeStored } from '@/shared/browser/storage'
import { useQueryText } from '@/shared/composables/useQuery'
import { HEATS, type Heat, type Toward } from '../types'

export const MOST_METRICS = 3

export interface BoardLook {
  metrics: ComputedRef<string[]>
  seeds: ComputedRef<boolean>
  heat: ComputedRef<Heat>
  showMetrics: (names: readonly string[]) => void
  groupSeeds: (on: boolean) => void
  shadeBy: (heat: Heat) => void
  /** What a reader said is better, against what name or project tell; none where nothing was said. */
  saidOf: (metric: string) => Toward | undefined
  say: (metric: string, toward: Toward | undefined) => void
}

const list = (text: string): string[] => (text ? text.split(',') : [])

export function useBoardLook(scope: MaybeRefOrGetter<string>, defaults: { seeds: boolean }): BoardLook {
  const kept = (name: string) => {
    const inUrl = useQueryText<string>(name, '')
    const key = (): string => `argus.board.${name}.${toValue(scope)}`
    // What is remembered goes into the URL at once: a copied link must show the same to others.
    if (!inUrl.value) inUrl.value = readStored(key()) ?? ''
    return computed({
      get: () => inUrl.value || (readStored(key()) ?? ''),
      set: (value: string) => {
        writeStored(key(), value || null)
        inUrl.value = value
      },
    })
  }
  const metrics = kept('metrics')
  const seeds = kept('seeds')
  const heat = kept('heat')
  const directions = kept('better')

  const said = computed(() => new Map(list(directions.value).map((part) => [part.slice(0, -4), part.endsWith(':max') ? 'max' : 'min'] as const)))

  return {
    metrics: computed(() => list(metrics.value)),
    seeds: computed(() => (seeds.value ? seeds.value === '1' : defaults.seeds)),
    heat: computed(() => HEATS.find((one) => one === heat.value) ?? 'all'),
    showMetrics: (names) => (metrics.value = names.slice(-MOST_METRICS).join(',')),
    groupSeeds: (on) => (seeds.value = on ? '1' : '0'),
    shadeBy: (value) => (heat.value = value),
    saidOf: (metric) => said.value.get(metric),
    say(metric, toward) {
      const next = new Map(said.value)
      if (toward) next.set(metric, toward)
      else next.delete(metric)
      directions.value = [...next].map(([name, way]) => `${name}:${way}`).join(',')
    },
  }
}
