// Which lines are pinned, hidden or looked at alone, in the URL.
import { computed, type WritableComputedRef } from 'vue'
import type { LegendChoice } from '@/shared/charts'
import { useQueryText } from '@/shared/composables/useQuery'

// Ids of jobs may hold commas.
const written = (ids: readonly string[]): string => ids.map(encodeURIComponent).join(',')
const parsed = (text: string): string[] => text.split(',').filter(Boolean).map(decoded)

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Typed by hand: as it is.
    return text
  }
}

export function useLegendChoice(): WritableComputedRef<LegendChoice> {
  const pinned = useQueryText<string>('job', '')
  const hidden = useQueryText<string>('hide', '')
  const solo = useQueryText<string>('only', '')
  return computed({
    get: () => ({ pinned: parsed(pinned.value), hidden: parsed(hidden.value), solo: parsed(solo.value)[0] ?? null }),
    set: (choice) => {
      pinned.value = written(choice.pinned)
      hidden.value = written(choice.hidden)
      solo.value = choice.solo === null ? '' : written([choice.solo])
    },
  })
}
