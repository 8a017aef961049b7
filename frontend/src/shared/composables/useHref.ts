// Links of the app as plain `<a>`, for lists: a RouterLink is a component, and thousands of them are slow.
import { useRouter, type RouteLocationRaw } from 'vue-router'

/** The address of a place of the app, for an `href`. Who uses it listens to clicks with `useFollow`. */
export function useHref(): (to: RouteLocationRaw) => string {
  const router = useRouter()
  return (to) => router.resolve(to).href
}

/** Follows a click on a link within, as RouterLink does: what asks for a new tab or window is left to the browser. */
export function useFollow(): (event: MouseEvent) => void {
  const router = useRouter()
  return (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.altKey || event.ctrlKey || event.shiftKey) return
    const href = event.target instanceof Element ? event.target.closest('a[href]')?.getAttribute('href') : null
    if (!href?.startsWith('/')) return
    event.preventDefault()
    void router.push(href)
  }
}
