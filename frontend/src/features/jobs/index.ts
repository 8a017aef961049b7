import { asyncPanel } from '@/shared/ui'

export const JobTable = asyncPanel(() => import('./components/JobTable.vue'))
// As high as the card itself while that reads.
export const CrashCard = asyncPanel(() => import('./components/CrashCard.vue'), { lines: 8, height: 43 })
// Parts of the page of a job that public pages show, too.
export const JobCurves = asyncPanel(() => import('./components/JobCurves.vue'))
export const JobMetrics = asyncPanel(() => import('./components/JobMetrics.vue'))
