import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { h } from 'vue'
import TabBar from './TabBar.vue'

let shown: VueWrapper

function bar(modelValue: string, load = vi.fn()) {
  shown = mount(TabBar, {
    props: { modelValue, label: 'of a batch', tabs: [{ key: 'matrix', text: 'Matrix' }, { key: 'curves', text: 'Curves', load }, { key: 'jobs', text: 'Jobs' }], 'onUpdate:modelValue': (key: string) => shown.setProps({ modelValue: key }) },
    slots: { default: ({ tab }: { tab: string }) => h('p', `the ${tab}`) },
    attachTo: document.body,
  })
  return { tabs: shown.findAll('[role=tab]'), panel: () => shown.get('[role=tabpanel]'), load }
}

afterEach(() => shown.unmount())

describe('tabs', () => {
  it('say which is chosen, and name its panel', () => {
    const { tabs, panel } = bar('curves')
    expect(tabs.map((tab) => tab.attributes('aria-selected'))).toEqual(['false', 'true', 'false'])
    expect(panel().text()).toBe('the curves')
    expect(panel().attributes('aria-labelledby')).toBe(tabs[1]?.attributes('id'))
    expect(panel().attributes('id')).toBe(tabs[1]?.attributes('aria-controls'))
    expect(shown.get('[role=tablist]').attributes('aria-label')).toBe('of a batch')
  })

  it('show the first where the address names one that is not there', () => {
    expect(bar('gone').panel().text()).toBe('the matrix')
  })

  it('are one stop of the tab key, at the chosen one', () => {
    expect(bar('jobs').tabs.map((tab) => tab.attributes('tabindex'))).toEqual(['-1', '-1', '0'])
  })

  it.each([
    ['ArrowRight', 0, 1],
    ['ArrowRight', 2, 0],
    ['ArrowLeft', 0, 2],
    ['Home', 2, 0],
    ['End', 0, 2],
  ])('%s goes from %s to %s and opens nothing', async (key, from, to) => {
    const { tabs, panel } = bar('matrix')
    ;(tabs[from]?.element as HTMLElement).focus()
    await tabs[from]?.trigger('keydown', { key })
    expect(document.activeElement).toBe(tabs[to]?.element)
    expect(panel().text()).toBe('the matrix')
  })

  it('open what is pressed', async () => {
    const { tabs, panel } = bar('matrix')
    await tabs[2]?.trigger('click')
    expect(panel().text()).toBe('the jobs')
  })

  it('fetch the code of one that the pointer or the focus comes to', async () => {
    const { tabs, load } = bar('matrix')
    expect(load).not.toHaveBeenCalled()
    await tabs[1]?.trigger('pointerenter')
    expect(load).toHaveBeenCalled()
  })
})
