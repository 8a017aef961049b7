import { asyncPanel } from '@/shared/ui'

export { compareBatches, compareJobs, MOST_COMPARED, type JobKey } from './selection'
// As high as the plot with what is chosen on it.
export const ParallelPanel = asyncPanel(() => import('./components/ComparisonParallel.vue'), { lines: 12, height: 45 })
