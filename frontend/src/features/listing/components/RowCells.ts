// How a cell of a list is drawn: as plain elements. A component for each made scrolling slow.
import { h, type VNode } from 'vue'
import { BatchProgress } from '@/features/runs'
import type { Cell } from '../cells'

export function drawn(cell: Cell): VNode {
  const { text, title } = cell
  if (cell.batch) return h(BatchProgress, { batch: cell.batch })
  if (cell.href !== undefined) return h('a', { href: cell.href, class: cell.isMono ? 'plain mono' : 'plain', title }, text)
  if (cell.time !== undefined) return h('time', { datetime: cell.time, class: 'nowrap' }, text)
  if (cell.lead !== undefined) return h('span', [h('span', { class: 'faint' }, cell.lead), ' ', text])
  return h('span', { class: cell.isFaint ? 'faint' : undefined, title }, text)
}
