import { defineAsyncComponent } from 'vue'

export { default as BatchTable } from './components/BatchTable.vue'
export { useBatchList } from './composables/useBatchList'

// Parts of the page of a batch that public pages show, too.
export const BatchCurves = defineAsyncComponent(() => import('./components/BatchCurves.vue'))
export const BatchHeader = defineAsyncComponent(() => import('./components/BatchHeader.vue'))
export const BatchResources = defineAsyncComponent(() => import('./components/BatchResources.vue'))
export const BatchTimeline = defineAsyncComponent(() => import('./components/BatchTimeline.vue'))
