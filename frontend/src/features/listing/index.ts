import { defineAsyncComponent } from 'vue'

export { default as ListPage } from './components/ListPage.vue'
export { whereOf, type Source } from './where'
export { readFields } from './api'
/** A box for a condition, with completion, and faults at their place. */
export const ConditionBar = defineAsyncComponent(() => import('./components/QueryBar.vue'))
