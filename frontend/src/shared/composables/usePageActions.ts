// What can be done with what a page shows, for the palette: the page says it, and it goes with the page.
import { computed, onScopeDispose, shallowReactive, type Component } from 'vue'

export interface PageAction {
  id: string
  title: string
  /** What it is done to. */
  detail?: string
  icon?: Component
  act: () => unknown
}

const told = shallowReactive(new Map<symbol, () => readonly PageAction[]>())

/** All that the open pages offer now. */
export const pageActions = computed(() => [...told.values()].flatMap((actions) => actions()))

export function usePageActions(actions: () => readonly PageAction[]): void {
  const key = Symbol('actions')
  told.set(key, actions)
  onScopeDispose(() => told.delete(key))
}
