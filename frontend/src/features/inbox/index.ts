import { defineAsyncComponent } from 'vue'

export { default as InboxBell } from './components/InboxBell.vue'
export { useInboxStore } from './store'
/** One notification of a list. */
export const NotificationRow = defineAsyncComponent(() => import('./components/NotificationRow.vue'))
