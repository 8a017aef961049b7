import { mount } from '@vue/test-utils'
import { nextTick } from 'vue'
import { describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { Job } from '@/features/runs'
import { i18n } from '@/shared/i18n'
import JobRow from './components/JobRow.vue'
import JobTable from './components/JobTable.vue'

const job = (id: string, more: Partial<Job> = {}): Job =>
  ({ id, batch_id: 'b', model: 'm', dataset: 'd', status: 'running', metrics: { acc: 0.5 }, start_time: null, elapsed_s: null, last_epoch: 1, ...more }) as Job

describe('the table of jobs', () => {
  it('draws the row alone whose job was heard of', async () => {
    const page = { template: '<i />' }
    const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: page }, { path: '/batches/:batchId/jobs/:jobId', name: 'job', component: page }] })
    await router.push('/')
    const jobs = [job('one'), job('two')]
    const drawn: string[] = []
    const noted = { ...JobRow, updated(this: { job: Job }) { drawn.push(this.job.id) } }
    const table = mount(JobTable, { props: { jobs }, global: { plugins: [i18n, router], stubs: { JobRow: noted } } })
    expect(table.findAll('[data-testid=job-row]').map((row) => row.text().includes('0.5'))).toEqual([true, true])
    await table.setProps({ jobs: [jobs[0] as Job, job('two', { last_epoch: 2 })] })
    await nextTick()
    expect(drawn).toEqual(['two'])
    expect(table.findAll('[data-testid=job-row]')[1]?.text()).toContain('2')
  })
})
