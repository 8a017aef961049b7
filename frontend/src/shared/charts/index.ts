// Charts load ECharts; pages get them as an asynchronous component, so that no first paint waits for it.
import { defineAsyncComponent } from 'vue'
import { asyncPanel } from '@/shared/ui'

export const LineChart = defineAsyncComponent(() => import('./LineChart.vue'))
export const ChartControls = asyncPanel(() => import('./ChartControls.vue'), { lines: 1 })
export { default as ChartLegend, type LegendRow } from './ChartLegend.vue'
export { colourAt, coloursOf, hash, stylesOf } from './colours'
export { columnsOf, lastNumber, lowerBound, nearest, NO_POINTS, pointsOf, type Columns } from './columns'
export { joined } from './join'
export type { LegendChoice } from './legend'
export { asXAxis, metricOf, overMetric, X_AXES, type ChartLook, type XAxis } from './look'
export type { ChartMark, LineSeries } from './series'
export { SMOOTHERS, type Point, type Smoother } from './smoothing'
export type { Shared } from './useCrosshair'
