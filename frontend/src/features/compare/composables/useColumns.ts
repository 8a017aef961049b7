// Metrics and settings of what is compared as columns of plots: those that vary, metrics first.
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { columnOf, varies, type PlotColumn } from '@/shared/charts/plot'
import type { Row } from '../table'

export function useColumns(rows: MaybeRefOrGetter<readonly Row[]>) {
  return computed<PlotColumn[]>(() => toValue(rows).filter((row) => row.section === 'metrics' || row.section === 'config' || row.name === 'elapsed_s' || row.name === 'model' || row.name === 'dataset').map((row) => columnOf(row.name, row.values)).filter(varies))
}
