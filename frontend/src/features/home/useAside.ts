// Concerns that the reader put aside, remembered in this browser while they last.
import { ref, type Ref } from 'vue'
import { readStored, writeStored } from '@/shared/browser/storage'
import type { Concern } from './api'
import { stillAside } from './attention'

const KEY = 'argus.aside'
const SEPARATOR = '\n'

const aside = ref<ReadonlySet<string>>(new Set(readStored(KEY)?.split(SEPARATOR).filter(Boolean) ?? []))

function keep(keys: ReadonlySet<string>): void {
  aside.value = keys
  writeStored(KEY, keys.size > 0 ? [...keys].join(SEPARATOR) : null)
}

export function useAside(): { aside: Ref<ReadonlySet<string>>; put: (key: string) => void; back: () => void; tidy: (concerns: readonly Concern[]) => void } {
  return {
    aside,
    put: (key) => keep(new Set([...aside.value, key])),
    back: () => keep(new Set()),
    tidy: (concerns) => keep(stillAside(aside.value, concerns)),
  }
}
