// Which rows and columns of a large table are in sight, so that only those are in the document. Before a print, all are.
import { computed, onScopeDispose, ref, watch, type ComputedRef, type Ref } from 'vue'

export interface Span {
  from: number
  to: number
}

export interface TableSize {
  rows: number
  cols: number
  rowHeight: number
  colWidth: number
}

const BEYOND = 3

/** The old one where they are the same: what depends on it has nothing to do. */
const kept = (old: Span | undefined, now: Span): Span => (old && old.from === now.from && old.to === now.to ? old : now)

export function spanOf(start: number, length: number, step: number, count: number): Span {
  const from = Math.max(0, Math.floor(start / step) - BEYOND)
  return { from: Math.min(from, count), to: Math.min(count, Math.ceil((start + length) / step) + BEYOND) }
}

export function useWindow(element: Readonly<Ref<HTMLElement | null>>, size: () => TableSize, enabled: () => boolean): { rows: ComputedRef<Span>; cols: ComputedRef<Span> } {
  const box = ref({ top: 0, left: 0, width: 1_280, height: 800 })
  const prints = ref(false)
  const read = (): void => {
    const at = element.value
    if (at) box.value = { top: at.scrollTop, left: at.scrollLeft, width: at.clientWidth, height: at.clientHeight }
  }
  const observer = typeof ResizeObserver === 'undefined' ? null : new ResizeObserver(read)
  watch(element, (now, before) => {
    before?.removeEventListener('scroll', read)
    observer?.disconnect()
    now?.addEventListener('scroll', read, { passive: true })
    if (now) observer?.observe(now)
    read()
  })
  const before = (): void => {
    prints.value = true
  }
  const after = (): void => {
    prints.value = false
  }
  window.addEventListener('beforeprint', before)
  window.addEventListener('afterprint', after)
  onScopeDispose(() => {
    observer?.disconnect()
    element.value?.removeEventListener('scroll', read)
    window.removeEventListener('beforeprint', before)
    window.removeEventListener('afterprint', after)
  })
  const all = (count: number): Span => ({ from: 0, to: count })
  return {
    rows: computed((old?: Span) => kept(old, enabled() && !prints.value ? spanOf(box.value.top, box.value.height, size().rowHeight, size().rows) : all(size().rows))),
    cols: computed((old?: Span) => kept(old, enabled() && !prints.value ? spanOf(box.value.left, box.value.width, size().colWidth, size().cols) : all(size().cols))),
  }
}
