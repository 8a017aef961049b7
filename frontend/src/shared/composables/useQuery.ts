// State that lives in the URL, so that a copied link shows the same thing.
import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter, type Router } from 'vue-router'

// Several parameters may change in one go: they are gathered and written to the URL together.
const gathered = new Map<string, string | undefined>()

function write(router: Router, name: string, value: string | undefined): void {
  gathered.set(name, value)
  if (gathered.size > 1) return
  const path = router.currentRoute.value.path
  queueMicrotask(() => {
    const query = { ...router.currentRoute.value.query, ...Object.fromEntries(gathered) }
    gathered.clear()
    if (router.currentRoute.value.path === path) void router.replace({ query, hash: router.currentRoute.value.hash })
  })
}

/** A text parameter of the query; the default value is left out of the URL. */
export function useQueryText<T extends string = string>(name: string, fallback: T): WritableComputedRef<T> {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get: () => {
      const value = route.query[name]
      return (typeof value === 'string' ? value : fallback) as T
    },
    set: (value) => write(router, name, value === fallback ? undefined : value),
  })
}

export function useQueryNumber(name: string, fallback: number): WritableComputedRef<number> {
  const text = useQueryText<string>(name, String(fallback))
  return computed({
    get: () => {
      const value = Number(text.value)
      return Number.isFinite(value) ? value : fallback
    },
    set: (value) => (text.value = String(value)),
  })
}

export function useQueryFlag(name: string): WritableComputedRef<boolean> {
  const text = useQueryText<string>(name, '')
  return computed({ get: () => text.value === '1', set: (on) => (text.value = on ? '1' : '') })
}

/** A list, written as one comma-separated parameter. */
export function useQueryList(name: string): WritableComputedRef<string[]> {
  const text = useQueryText<string>(name, '')
  return computed({
    get: () => (text.value ? text.value.split(',') : []),
    set: (values) => (text.value = values.join(',')),
  })
}
