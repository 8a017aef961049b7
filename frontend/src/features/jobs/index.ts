import { asyncPanel } from '@/shared/ui'

export const JobTable = asyncPanel(() => import('./components/JobTable.vue'))
export const CrashCard = asyncPanel(() => import('./components/CrashCard.vue'), { quiet: true })
// Parts of the page of a job that public pages show, too.
export const JobCurves = asyncPanel(() => import('./components/JobCurves.vue'))
export const JobMetrics = asyncPanel(() => import('./components/JobMetrics.vue'))
