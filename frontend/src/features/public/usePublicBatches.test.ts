import { flushPromises, mount } from '@vue/test-utils'
import { defineComponent, h, ref } from 'vue'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { i18n } from '@/shared/i18n'
import { listPublicBatches } from './api'
import { usePublicBatches } from './usePublicBatches'

vi.mock('./api', () => ({ listPublicBatches: vi.fn() }))

const row = (batch_id: string) => ({ batch_id }) as never

function shown(project = ref('vision')) {
  let found!: ReturnType<typeof usePublicBatches>
  const page = defineComponent(() => {
    found = usePublicBatches(project)
    return () => h('div')
  })
  mount(page, { global: { plugins: [i18n] } })
  return { found, project }
}

describe('the batches of a published project', () => {
  beforeEach(() => {
    vi.mocked(listPublicBatches).mockReset()
  })

  it('come a page at a time until there are no more', async () => {
    vi.mocked(listPublicBatches)
      .mockResolvedValueOnce({ rows: [row('c'), row('b')], next: 'here' })
      .mockResolvedValueOnce({ rows: [row('a')], next: null })
    const { found } = shown()
    await flushPromises()
    expect(found.isMore.value).toBe(true)
    await Promise.all([found.more(), found.more()])
    expect(found.batches.value.map((one) => one.batch_id)).toEqual(['c', 'b', 'a'])
    expect(found.isMore.value).toBe(false)
    expect(listPublicBatches).toHaveBeenCalledTimes(2)
    expect(listPublicBatches).toHaveBeenLastCalledWith('vision', 'here')
  })

  it('of another project replace them', async () => {
    vi.mocked(listPublicBatches).mockResolvedValueOnce({ rows: [row('a')], next: 'here' }).mockResolvedValueOnce({ rows: [row('z')], next: null })
    const { found, project } = shown()
    await flushPromises()
    project.value = 'text'
    await flushPromises()
    expect(found.batches.value.map((one) => one.batch_id)).toEqual(['z'])
    expect(found.isMore.value).toBe(false)
  })
})
