import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { client } from '@/api/client'
import { i18n, setLocale } from '@/shared/i18n'
import CommandHistory from './components/CommandHistory.vue'

const COMMAND = {
  id: 'c1', kind: 'inspect', status: 'succeeded', batch_id: 'b', hostname: 'gpu-01', requested_by: 'ada', attempts: 1, error: null, acked_at: null, may_cancel: true,
  created_at: '2026-01-01T00:00:00Z', deadline: '2026-01-01T00:05:00Z',
  steps: [{ step: 'requested', at: '2026-01-01T00:00:00Z', detail: 'by ada' }],
}

async function history(more: Partial<typeof COMMAND> = {}): Promise<string> {
  vi.spyOn(client, 'GET').mockResolvedValue({ data: { ...COMMAND, ...more }, response: new Response() } as never)
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: { render: () => null } }, { path: '/batches/:batchId', name: 'batch', component: { render: () => null } }] })
  const shown = mount(CommandHistory, { props: { id: 'c1' }, global: { plugins: [i18n, router] } })
  await vi.waitFor(() => expect(shown.text()).toContain('gpu-01'), { timeout: 5_000 })
  await flushPromises()
  return shown.text()
}

describe("a command's history", () => {
  afterEach(() => setLocale('en-US', false))

  it('says in the language of the reader who asked', async () => {
    expect(await history()).toMatch(/by ada/i)
    await setLocale('zh-CN', false)
    const chinese = await history()
    expect(chinese).toContain('由 ada 发起')
    expect(chinese).not.toContain('by ada')
  })

  it('names when it expires only while it waits', async () => {
    expect(await history()).not.toContain('Expires')
    expect(await history({ status: 'pending' })).toContain('Expires')
  })
})
