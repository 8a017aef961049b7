// The cells of a row, kept true by the clock. Most seconds change nothing of what they say: then nothing is drawn either.
import { computed, type ComputedRef } from 'vue'
import { useHref } from '@/shared/composables/useHref'
import { useNow } from '@/shared/composables/useNow'
import { useFormat } from '@/shared/i18n/useFormat'
import { cellsOf, isSame, type Cell } from '../cells'
import type { Row } from '../rows'

const PARAMS = { batch: 'batchId', project: 'project', host: 'host' } as const

export function useCells(row: () => Row, names: () => readonly string[]): ComputedRef<readonly Cell[]> {
  const now = useNow()
  const hrefOf = useHref()
  const { metric, duration, relative } = useFormat()
  const href = (page: keyof typeof PARAMS, id: string): string => hrefOf({ name: page, params: { [PARAMS[page]]: id } })
  return computed<readonly Cell[]>((before) => {
    const cells = cellsOf(row(), names(), { now: now.value, metric, duration, relative, href })
    return before && isSame(before, cells) ? before : cells
  })
}
