import { defineAsyncComponent } from 'vue'

export { compareBatches, compareJobs, MOST_COMPARED, type JobKey } from './selection'
export const ParallelPanel = defineAsyncComponent(() => import('./components/ComparisonParallel.vue'))
