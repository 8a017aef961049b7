import { mount } from '@vue/test-utils'
import { Modal } from 'ant-design-vue'
import { afterEach, describe, expect, it } from 'vitest'
import { defineComponent, h, nextTick, ref } from 'vue'
import { useEscape } from './escape'

const press = (where: Element): unknown => where.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', keyCode: 27, bubbles: true, cancelable: true }))

describe('Escape, before a dialog has the focus', () => {
  afterEach(() => (document.body.innerHTML = ''))

  it('closes it, and does nothing of what is open above it', async () => {
    document.body.innerHTML = '<div id="app"><button>open</button><main></main></div><div class="ant-select-dropdown"></div>'
    const open = ref(true)
    const page = mount(defineComponent({ setup: () => (useEscape(), () => h(Modal, { open: open.value, 'onUpdate:open': (next: boolean) => (open.value = next) })) }), { attachTo: '#app main' })
    await nextTick()
    press(document.querySelector('.ant-select-dropdown') as Element)
    expect(open.value).toBe(true)
    press(document.querySelector('#app button') as Element)
    expect(open.value).toBe(false)
    page.unmount()
  })
})
