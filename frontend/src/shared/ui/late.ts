// Components whose code comes once one of them is to be shown and the page has painted. Until then something of the same
// size stands in their place, so that nothing moves.
import { h, shallowRef, type Component, type FunctionalComponent, type VNode } from 'vue'
import { afterPaint } from '@/shared/browser/rest'
import AsyncPanelFailed from './AsyncPanelFailed.vue'

export function late<T extends Component>(load: () => Promise<T>, standIn: (attrs: Record<string, unknown>) => VNode): T {
  const arrived = shallowRef<Component | null>(null)
  const failed = shallowRef(false)
  let coming: Promise<void> | null = null

  async function fetchCode(): Promise<void> {
    try {
      await afterPaint()
      arrived.value = await load()
    } catch {
      failed.value = true
    }
  }

  const Late: FunctionalComponent = (_, { attrs, slots }) => {
    if (arrived.value) return h(arrived.value, attrs, slots)
    if (failed.value) return h(AsyncPanelFailed)
    coming ??= fetchCode()
    return standIn(attrs)
  }
  Late.inheritAttrs = false
  return Late as unknown as T
}
