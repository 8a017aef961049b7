// Charts load ECharts; pages get them as an asynchronous component, so that no first paint waits for it.
import { defineAsyncComponent } from 'vue'

export const LineChart = defineAsyncComponent(() => import('./LineChart.vue'))
export { default as ChartControls } from './ChartControls.vue'
export { colourAt, coloursOf } from './colours'
export type { ChartMark, LineSeries } from './lineOption'
export { X_AXES, type ChartLook, type XAxis } from './look'
export { SMOOTHERS, type Point, type Smoother } from './smoothing'
