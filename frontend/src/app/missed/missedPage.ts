// A page whose code does not arrive: the connection is gone, or the server was updated and has no such file any more.
import { readonly, ref } from 'vue'
import type { Router } from 'vue-router'

const path = ref<string | null>(null)

/** Where the reader wanted to go, and did not get; null where nothing is missed. */
export const missedPage = readonly(path)

export function noticeMissedPages(router: Router): void {
  router.onError((_cause, to) => (path.value = to.fullPath))
  router.afterEach((_to, _from, failure) => {
    if (!failure) path.value = null
  })
}
