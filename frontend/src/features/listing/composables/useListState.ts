// What of a list lives in the address: a copied link, and a saved view, show the same.
import { computed, type ComputedRef, type WritableComputedRef } from 'vue'
import { useQueryText } from '@/shared/composables/useQuery'
import type { Scope } from '../api'
import { DEFAULT_COLUMNS } from '../columns'
import { CHIPS, whereOf, type ChipName, type Chips, type Source } from '../where'

// Names of metrics may hold commas.
const join = (names: readonly string[]): string => names.map((name) => name.replace(/%/g, '%25').replace(/,/g, '%2C')).join(',')
const split = (text: string): string[] => text.split(',').filter(Boolean).map((name) => name.replace(/%2C/g, ',').replace(/%25/g, '%'))

function useNames(name: string): WritableComputedRef<string[]> {
  const text = useQueryText<string>(name, '')
  return computed({ get: () => split(text.value), set: (names) => (text.value = join(names)) })
}

export interface ListState {
  source: Source
  text: WritableComputedRef<string>
  chips: ComputedRef<Chips>
  setChip: (name: ChipName, value: string) => void
  scope: WritableComputedRef<Scope>
  sort: WritableComputedRef<string>
  columns: WritableComputedRef<string[]>
  group: WritableComputedRef<string[]>
  where: ComputedRef<string>
  isFiltered: ComputedRef<boolean>
  clear: () => void
}

export function useListState(source: Source): ListState {
  const text = useQueryText<string>('q', '')
  const each = Object.fromEntries(CHIPS.map((name) => [name, useQueryText<string>(name, '')])) as Record<ChipName, WritableComputedRef<string>>
  const chips = computed<Chips>(() => Object.fromEntries(CHIPS.map((name) => [name, each[name].value])) as Record<ChipName, string>)
  const scope = useQueryText<Scope>('scope', 'all')
  const chosen = useNames('cols')
  const columns = computed({
    get: () => (chosen.value.length > 0 ? chosen.value : [...DEFAULT_COLUMNS[source]]),
    set: (names) => (chosen.value = join(names) === join(DEFAULT_COLUMNS[source]) ? [] : names),
  })
  return {
    source,
    text,
    chips,
    setChip: (name, value) => (each[name].value = value),
    scope: computed({ get: () => (['mine', 'shared', 'all'].includes(scope.value) ? scope.value : 'all'), set: (value) => (scope.value = value) }),
    sort: useQueryText<string>('sort', ''),
    columns,
    group: useNames('group'),
    where: computed(() => whereOf(text.value, chips.value, source)),
    isFiltered: computed(() => text.value.trim() !== '' || CHIPS.some((name) => chips.value[name] !== '')),
    clear: () => {
      text.value = ''
      for (const name of CHIPS) each[name].value = ''
    },
  }
}
