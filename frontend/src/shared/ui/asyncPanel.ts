// Parts of a page whose code comes when they are looked at, such as what stands behind a tab.
import { computed, defineAsyncComponent, h, type Component, type ComputedRef, type Ref } from 'vue'
import AsyncPanelFailed from './AsyncPanelFailed.vue'
import SkeletonBlock from './SkeletonBlock.vue'
import type { Tab } from './TabBar.vue'

/** The component, and how to fetch its code ahead of time. */
export type AsyncPanel<T extends Component = Component> = T & { load: () => Promise<unknown> }

interface Options {
  /** Nothing stands in for it while it loads: it may turn out to show nothing. */
  quiet?: boolean
  /** How high the skeleton is that stands in for it, in lines of a table. */
  lines?: number
  /** The height of such a line, in px. */
  height?: number
  /** A class of the skeleton, where its height differs between screens. */
  name?: string
}

/** `asyncPanel(() => import('./Log.vue'))`: a skeleton stands in for it, and a way to try again where it does not arrive. */
export function asyncPanel<T extends Component>(load: () => Promise<{ default: T }>, { quiet = false, lines = 8, height, name }: Options = {}): AsyncPanel<T> {
  const panel = defineAsyncComponent<T>({
    // Vue looks into modules only, and some pass on what another one has.
    loader: () => load().then((module) => module.default),
    loadingComponent: quiet ? undefined : () => h(SkeletonBlock, { lines, height, class: name }),
    errorComponent: AsyncPanelFailed,
    delay: 0,
  })
  // Vue's own door to what it keeps: what is there already is shown at once, and no skeleton flashes.
  const keep = (): unknown => (panel as unknown as { __asyncLoader?: () => Promise<unknown> }).__asyncLoader?.()
  // A failure shows when the panel is opened.
  return Object.assign(panel, { load: () => load().then(keep).catch(() => undefined) })
}

/** The tabs of a page for `TabBar`. The open one's code is fetched beside the page's data, the others' when hovered. */
export function useTabs<Key extends string>(panels: Record<Key, AsyncPanel>, chosen: Readonly<Ref<string>>, text: (key: Key) => string): ComputedRef<Tab<Key>[]> {
  const keys = Object.keys(panels) as Key[]
  const first = keys.find((key) => key === chosen.value) ?? keys[0]
  if (first) void panels[first].load()
  return computed(() => keys.map((key) => ({ key, text: text(key), load: panels[key].load })))
}
