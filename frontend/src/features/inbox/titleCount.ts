// How many are unread, before the title of the page: seen in a tab that is not looked at.
import { onScopeDispose, watch } from 'vue'
import { useRouter } from 'vue-router'
import { useInboxStore } from './store'

export const countText = (count: number): string => (count > 99 ? '99+' : String(count))

export function useTitleCount(): void {
  const inbox = useInboxStore()
  // The router has just said what the page is.
  let page = document.title
  const write = (): void => {
    document.title = inbox.unread ? `(${countText(inbox.unread)}) ${page}` : page
  }
  const stop = useRouter().afterEach(() => {
    page = document.title
    write()
  })
  watch(() => inbox.unread, write, { immediate: true })
  onScopeDispose(() => {
    stop()
    document.title = page
  })
}
