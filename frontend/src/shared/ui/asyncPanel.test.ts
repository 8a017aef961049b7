import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { defineComponent, h, ref, type Component } from 'vue'
import { i18n } from '@/shared/i18n'
import { asyncPanel, useTabs } from './asyncPanel'

const part = { default: defineComponent({ setup: () => () => h('p', 'here') }) }
const within = (panel: Component) => mount({ render: () => h('main', h(panel)) }, { global: { plugins: [i18n], config: { errorHandler: () => undefined } } })

describe('a part whose code comes later', () => {
  it('has a skeleton until then', async () => {
    let arrive: (found: typeof part) => void = () => undefined
    const shown = within(asyncPanel(() => new Promise<typeof part>((resolve) => (arrive = resolve))))
    expect(shown.find('[data-testid=skeleton]').exists()).toBe(true)
    arrive(part)
    await flushPromises()
    expect(shown.html()).toBe('<main>\n  <p>here</p>\n</main>')
  })

  it('is there at once where its code was fetched before', async () => {
    const panel = asyncPanel(() => Promise.resolve(part))
    await panel.load()
    expect(within(panel).html()).toBe('<main>\n  <p>here</p>\n</main>')
  })

  it('has nothing until then, where it may show nothing', () => {
    expect(within(asyncPanel(() => new Promise<typeof part>(() => undefined), { quiet: true })).find('main *').exists()).toBe(false)
  })

  it('says so when it does not arrive', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const failed = asyncPanel<typeof part.default>(() => Promise.reject(new TypeError('Failed to fetch')))
    const shown = within(failed)
    await flushPromises()
    expect(shown.get('[role=alert]').text()).toContain('did not arrive')
    await expect(failed.load()).resolves.toBeUndefined()
  })
})

describe('the tabs of a page', () => {
  it('fetch the open one at once, and the others when asked', () => {
    const loads = { matrix: vi.fn(() => Promise.resolve(part)), curves: vi.fn(() => Promise.resolve(part)) }
    const tabs = useTabs({ matrix: asyncPanel(loads.matrix), curves: asyncPanel(loads.curves) }, ref('curves'), (key) => key.toUpperCase())
    expect(tabs.value.map(({ key, text }) => [key, text])).toEqual([['matrix', 'MATRIX'], ['curves', 'CURVES']])
    expect([loads.matrix.mock.calls.length, loads.curves.mock.calls.length]).toEqual([0, 1])
    tabs.value[0]?.load?.()
    expect(loads.matrix).toHaveBeenCalledOnce()
  })
})
