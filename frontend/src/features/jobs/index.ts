import { defineAsyncComponent } from 'vue'

export { default as JobTable } from './components/JobTable.vue'
// Parts of the page of a job that public pages show, too.
export const JobCurves = defineAsyncComponent(() => import('./components/JobCurves.vue'))
export const JobMetrics = defineAsyncComponent(() => import('./components/JobMetrics.vue'))
