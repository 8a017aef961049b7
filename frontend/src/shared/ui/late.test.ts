import { mount } from '@vue/test-utils'
import { defineComponent, h, nextTick } from 'vue'
import { describe, expect, it, vi } from 'vitest'
import { late } from './late'

vi.mock('@/shared/browser/rest', () => ({ afterPaint: () => Promise.resolve() }))

const Real = defineComponent({ props: { name: { type: String, required: true } }, emits: ['pick'], setup: (props, { emit }) => () => h('button', { onClick: () => emit('pick') }, props.name) })

describe('a component that comes late', () => {
  it('keeps its place until its code is there, and gets what it was given', async () => {
    let bring: (component: typeof Real) => void = () => undefined
    const Late = late(() => new Promise<typeof Real>((resolve) => (bring = resolve)), ({ height }) => h('i', { style: { height: `${String(height)}px` } }))
    const picked = vi.fn()
    const page = mount(Late, { attrs: { name: 'curve', height: 40, class: 'lead', onPick: picked } })
    expect(page.html()).toBe('<i style="height: 40px;"></i>')
    await nextTick()
    bring(Real)
    await vi.waitFor(() => expect(page.find('button').exists()).toBe(true))
    expect(page.find('button').text()).toBe('curve')
    expect(page.find('button').classes()).toEqual(['lead'])
    await page.find('button').trigger('click')
    expect(picked).toHaveBeenCalledOnce()
  })

  it('says so where it does not arrive', async () => {
    const Late = late<typeof Real>(() => Promise.reject(new Error('offline')), () => h('i'))
    const page = mount(Late, { global: { stubs: { AsyncPanelFailed: true } } })
    await vi.waitFor(() => expect(page.find('i').exists()).toBe(false))
  })
})
