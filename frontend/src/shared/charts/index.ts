// Pages get charts as an asynchronous component, so that no first paint waits for them. ECharts comes to save one.
import { h } from 'vue'
import { asyncPanel, late } from '@/shared/ui'
import type Chart from './LineChart.vue'

const HEIGHT_PX = 200
export const LineChart = late<typeof Chart>(
  async () => (await import('./LineChart.vue')).default,
  ({ class: name, height }) => h('div', { class: name, style: { height: `${typeof height === 'number' ? height : HEIGHT_PX}px` } }),
)
export const ChartControls = asyncPanel(() => import('./ChartControls.vue'), { lines: 1, name: 'controls-coming' })
export { default as ChartLegend, type LegendRow } from './ChartLegend.vue'
export { colourAt, coloursOf, hash, stylesOf } from './colours'
export { columnsOf, lastNumber, lowerBound, nearest, NO_POINTS, pointsOf, type Columns } from './columns'
export { joined } from './join'
export type { LegendChoice } from './legend'
export { asXAxis, metricOf, overMetric, X_AXES, type ChartLook, type XAxis } from './look'
export type { ChartMark, LineSeries } from './series'
export { SMOOTHERS, type Point, type Smoother } from './smoothing'
export type { Shared } from './useCrosshair'
