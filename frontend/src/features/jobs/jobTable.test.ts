import { enableAutoUnmount, mount } from '@vue/test-utils'
import { nextTick } from 'vue'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { Job } from '@/features/runs'
import { i18n } from '@/shared/i18n'
import JobRow from './components/JobRow.vue'
import JobTable from './components/JobTable.vue'
import { sortJobs } from './sortJobs'

// Tables hear of the window: one of an earlier test would draw its rows again in the next.
enableAutoUnmount(afterEach)

const job = (id: string, more: Partial<Job> = {}): Job =>
  ({ id, batch_id: 'b', model: 'm', dataset: 'd', status: 'running', metrics: { acc: 0.5 }, start_time: null, elapsed_s: null, last_epoch: 1, ...more }) as Job

async function table(jobs: readonly Job[], stubs: Record<string, object> = {}) {
  const page = { template: '<i />' }
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: page }, { path: '/batches/:batchId/jobs/:jobId', name: 'job', component: page }] })
  await router.push('/')
  return { router, table: mount(JobTable, { props: { jobs }, global: { plugins: [i18n, router], stubs }, attachTo: document.body }) }
}

describe('the table of jobs', () => {
  it('draws the row alone whose job was heard of', async () => {
    const jobs = [job('one'), job('two')]
    const drawn: string[] = []
    const noted = { ...JobRow, updated(this: { job: Job }) { drawn.push(this.job.id) } }
    const { table: list } = await table(jobs, { JobRow: noted })
    expect(list.findAll('[data-testid=job-row]').map((row) => row.text().includes('0.5'))).toEqual([true, true])
    await list.setProps({ jobs: [jobs[0] as Job, job('two', { last_epoch: 2 })] })
    await nextTick()
    expect(drawn).toEqual(['two'])
    expect(list.findAll('[data-testid=job-row]')[1]?.text()).toContain('2')
  })

  it('holds of thousands of jobs those in the window, and says how many there are', async () => {
    const { table: list } = await table(Array.from({ length: 3000 }, (_, at) => job(`job-${at}`, { start_time: new Date(at * 60_000).toISOString() })))
    const rows = list.findAll('[data-testid=job-row]')
    expect(rows.length).toBeLessThan(60)
    expect(rows[0]?.attributes()).toMatchObject({ 'data-job': 'job-0', 'aria-rowindex': '2' })
    expect(list.get('[data-testid=job-table]').attributes('aria-rowcount')).toBe('3001')
    expect(list.findAll('tbody tr').at(-1)?.attributes('style')).toBe(`height: ${(3000 - rows.length) * 50}px;`)
    await list.findAll('th button')[1]?.trigger('click')
    await vi.waitFor(() => expect(list.findAll('th')[1]?.attributes('aria-sort')).toBe('ascending'))
    await list.findAll('th button')[1]?.trigger('click')
    await vi.waitFor(() => expect(list.get('[data-testid=job-row]').attributes('data-job')).toBe('job-2999'))
  })

  it('prints the first hundreds, and says of how many', async () => {
    // What stands in the rows is not asked for, and 500 of them take long to draw here.
    const plain = { JobRow: { template: '<tr data-testid="job-row" />' } }
    const { table: list } = await table(Array.from({ length: 3000 }, (_, at) => job(`job-${at}`)), plain)
    window.dispatchEvent(new Event('beforeprint'))
    await nextTick()
    expect(list.findAll('[data-testid=job-row]')).toHaveLength(500)
    expect(list.get('.on-paper').text()).toBe('The first 500 of 3,000 jobs.')
    const { table: few } = await table([job('one')])
    expect(few.find('.on-paper').exists()).toBe(false)
  })

  it('says on a phone in two lines what a job is, with the metric in whose order they stand', async () => {
    vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(358)
    const measures: (() => void)[] = []
    vi.stubGlobal('ResizeObserver', class { constructor(measure: () => void) { measures.push(measure) } observe(): void { measures.forEach((measure) => measure()) } disconnect(): void { measures.length = 0 } })
    const jobs = [job('one', { last_epoch: 7, elapsed_s: 60, metrics: { acc: 0.5, mse: 0.25 } }), job('two', { status: 'failed', reason: 'CUDA out of memory' })]
    const { router, table: list } = await table(jobs)
    await nextTick()
    const heads = (): string[] => list.findAll('th').map((head) => head.text().replace(/[↑↓]/, ''))
    const first = heads()[1] as string
    expect(heads()).toEqual(['Job', first, 'Time'])
    expect(list.findAll('[data-testid=job-row]').map((row) => row.findAll('td').length)).toEqual([3, 3])
    expect(list.get('[data-job=one] td').text()).toMatch(/one.*Running.*Epoch 7/)
    expect(list.get('[data-job=two] td').text()).toMatch(/two.*Failed.*CUDA out of memory/)
    expect(list.get('table').attributes('style') ?? '').not.toContain('min-width')
    const other = first === 'acc' ? 'mse' : 'acc'
    await router.push({ path: '/', query: { sort: `-metric:${other}` } })
    await vi.waitFor(() => expect(heads()).toEqual(['Job', other, 'Time']))
  })

  it('leads to a job within the app, and tells on hover when it began', async () => {
    const { router, table: list } = await table([job('one', { start_time: '2026-01-01T00:00:00Z' })])
    await list.get('time').trigger('pointerover')
    expect(list.get('time').attributes('title')).toContain('2026')
    await list.get('[data-row-link]').trigger('click')
    await vi.waitFor(() => expect(router.currentRoute.value.params).toEqual({ batchId: 'b', jobId: 'one' }))
  })
})

describe('the order of jobs', () => {
  const jobs = [job('b-10', { last_epoch: 3 }), job('b-2', { last_epoch: null }), job('a', { last_epoch: 3 }), job('c', { last_epoch: 7, start_time: '2026-01-02T00:00:00+08:00' })]
  it.each([
    ['job', ['a', 'b-2', 'b-10', 'c']],
    ['-job', ['c', 'b-10', 'b-2', 'a']],
    ['epoch', ['a', 'b-10', 'c', 'b-2']],
    ['-epoch', ['c', 'a', 'b-10', 'b-2']],
    ['started', ['c', 'a', 'b-10', 'b-2']],
    ['metric:none', ['a', 'b-10', 'b-2', 'c']],
  ])('by %s is %j: numbers by size, what is missing last', (order, ids) => expect(sortJobs(jobs, order).map(({ id }) => id)).toEqual(ids))
})
