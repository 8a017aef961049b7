import { asyncPanel } from '@/shared/ui'

export { default as BatchTable } from './components/BatchTable.vue'
export { useBatchList } from './composables/useBatchList'

// Parts of the page of a batch that public pages show, too.
export const BatchCurves = asyncPanel(() => import('./components/BatchCurves.vue'))
export const BatchHeader = asyncPanel(() => import('./components/BatchHeader.vue'))
export const BatchResources = asyncPanel(() => import('./components/BatchResources.vue'))
export const BatchTimeline = asyncPanel(() => import('./components/BatchTimeline.vue'))

// What a job's page says of its batch, too.
export const PauseState = asyncPanel(() => import('./components/PauseState.vue'), { lines: 2, height: 48 })
export const StopStages = asyncPanel(() => import('./components/StopStages.vue'), { lines: 1, name: 'stop-stages' })
