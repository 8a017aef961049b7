// Where a job's page is: public pages have their own.
import { inject, type InjectionKey } from 'vue'
import type { RouteLocationRaw } from 'vue-router'

export type JobLink = (batchId: string, jobId: string) => RouteLocationRaw

export const JOB_LINK: InjectionKey<JobLink> = Symbol('job link')

const usual: JobLink = (batchId, jobId) => ({ name: 'job', params: { batchId, jobId } })

/** The address of a job's page, as seen from the page that shows this component. */
export const useJobLink = (): JobLink => inject(JOB_LINK, usual)
