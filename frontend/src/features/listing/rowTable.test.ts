import { mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { i18n } from '@/shared/i18n'
import RowTable from './components/RowTable.vue'
import { ofJob } from './rows'

const ROWS = ['one', 'two'].map((id) =>
  ofJob({ id, batch: 'a b', project: 'p/q', status: 'failed', model: 'mlp', dataset: null, host: null, owner: null, started: '2026-01-01T00:00:00Z', ended: null, elapsed: 5, metrics: {}, values: { reason: 'boom' } }),
)

async function table() {
  const page = { template: '<i />' }
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', component: page },
      { path: '/batches/:batchId', name: 'batch', component: page },
      { path: '/batches/:batchId/jobs/:jobId', name: 'job', component: page },
      { path: '/projects/:project', name: 'project', component: page },
    ],
  })
  await router.push('/')
  const push = vi.spyOn(router, 'push')
  const props = { source: 'jobs' as const, rows: ROWS, total: 2, columns: ['project', 'started'], picked: new Set<string>(), isAllPicked: false, sort: '' }
  return { router, push, table: mount(RowTable, { props, global: { plugins: [i18n, router] }, attachTo: document.body }) }
}

describe('the table of a list', () => {
  it('leads within the app, and leaves new tabs to the browser', async () => {
    const { router, push, table: list } = await table()
    const link = list.get('[data-job=two] [data-row-link]')
    expect(link.attributes('href')).toBe('/batches/a%20b/jobs/two')
    await link.trigger('click', { ctrlKey: true })
    expect(push).not.toHaveBeenCalled()
    await link.trigger('click')
    await vi.waitFor(() => expect(router.currentRoute.value.params).toEqual({ batchId: 'a b', jobId: 'two' }))
    await list.get('[data-job=one] .cell a').trigger('click')
    await vi.waitFor(() => expect(router.currentRoute.value.params).toEqual({ project: 'p/q' }))
  })

  it('tells on hover when something was exactly', async () => {
    const { table: list } = await table()
    const time = list.get('[data-job=one] time')
    expect(time.attributes('title')).toBeUndefined()
    await time.trigger('pointerover')
    expect(time.attributes('title')).toContain('2026')
  })

  it('says which row is which, and why a job failed', async () => {
    const { table: list } = await table()
    const row = list.get('[data-job=two]')
    expect([row.attributes('aria-rowindex'), row.attributes('aria-selected')]).toEqual(['3', 'false'])
    expect(row.get('[data-testid=status]').attributes('data-status')).toBe('failed')
    expect(row.text()).toContain('boom')
    await row.get('input').trigger('click')
    expect(list.emitted('pick')).toEqual([[ROWS[1]?.key, false]])
  })
})
